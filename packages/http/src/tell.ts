import type { Call, RequestEntry } from './call.ts';
import type { ServerContext } from './context.ts';

/** Counts a request whose answer begins, and tells who keeps a log of them. */
export function tell(
  { options: { audit }, clock, metrics, report }: ServerContext,
  { operation, principal, session, address }: Call,
  { method }: Request,
  { status, headers }: Response,
  since: number,
): void {
  const now = clock.now();
  const ms = Math.max(0, now - since);
  metrics.answered({ operation, method, status, ms });
  if (audit === undefined) return;
  // A session that the request made.
  const made = /\/([^/]+)$/.exec(headers.get('location') ?? '')?.[1];
  const about = session ?? made;
  const entry: RequestEntry = {
    at: new Date(now).toISOString(),
    method,
    status,
    ms,
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
