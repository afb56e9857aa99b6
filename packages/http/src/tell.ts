import type { Call, RequestEntry } from './call.ts';
import type { ServerContext } from './context.ts';

/** Tells who keeps a log of a request whose answer begins. */
export function tell(
  { options: { audit }, clock, report }: ServerContext,
  { operation, principal, session, address }: Call,
  { method }: Request,
  { status, headers }: Response,
  since: number,
): void {
  if (audit === undefined) return;
  const now = clock.now();
  // A session that the request made.
  const made = /^\/v1\/sessions\/([^/]+)$/.exec(headers.get('location') ?? '')?.[1];
  const about = session ?? made;
  const entry: RequestEntry = {
    at: new Date(now).toISOString(),
    method,
    status,
    ms: Math.max(0, now - since),
    ...(operation !== undefined && { operation }),
    ...(principal !== undefined && { token: principal.name }),
    ...(about !== undefined && { session: about.slice(0, 200) }),
    ...(address !== undefined && { address }),
  };
  try {
    audit(entry);
  } catch (error) {
    report(error);
  }
}
