import { RepriseError } from '@reprise/core';
import type { Expected, Session, SessionHead } from '@reprise/core';
import type { ServerContext } from './context.ts';
import { Refusal } from './guard/body.ts';

/** Strong: two answers with the same last record are the same. */
export function etagOf({ seq }: Pick<SessionHead, 'seq'>): string {
  return `"${seq}"`;
}

/** 304 where the client has what there is. */
export function notModified(request: Request, head: SessionHead): Response | undefined {
  const known = request.headers.get('if-none-match');
  if (known === null || !tagsOf(known).some((tag) => tag === '*' || tag.replace(/^W\//, '') === etagOf(head)))
    return undefined;
  return new Response(null, { status: 304, headers: { ETag: etagOf(head) } });
}

/**
 * A change that is made only if the session is as the client knows it (`If-Match`): its last record then, as `expected`. 412 where somebody was
 * faster, also while this change waited.
 */
export async function withCondition(
  { pool }: ServerContext,
  request: Request,
  id: string,
  change: (session: Session, options: Expected) => Promise<Response>,
): Promise<Response> {
  pool.refuseIfClosing();
  const session = await pool.open(id);
  // As where the turn runs in another process: who asks decides whether to wait.
  if (pool.isBusy(id)) {
    throw new RepriseError('SESSION_BUSY', 'A turn runs on this session.', { hint: 'Wait for its end, or abort it.' });
  }
  return onlyIf(request, (options) => change(session, options));
}

/** The same for what needs no open session. */
export async function onlyIf(request: Request, change: (options: Expected) => Promise<Response>): Promise<Response> {
  const wanted = expectedOf(request);
  try {
    return await change(wanted === undefined ? {} : { expected: wanted });
  } catch (error) {
    if (wanted === undefined || !(error instanceof RepriseError) || error.code !== 'CONFLICT') throw error;
    throw new Precondition(error);
  }
}

/** The record that `If-Match` names; `undefined` where any will do. */
function expectedOf(request: Request): number | undefined {
  const given = request.headers.get('if-match');
  if (given === null || given.trim() === '*') return undefined;
  const [tag, ...more] = tagsOf(given);
  const seq = /^"(\d{1,15})"$/.exec(tag ?? '')?.[1];
  if (seq === undefined || more.length > 0) throw new Refusal(400, 'If-Match must hold one ETag of the session, or *.');
  return Number(seq);
}

function tagsOf(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}

/** CONFLICT with the status that belongs to a condition. */
class Precondition extends RepriseError {
  readonly status = 412;

  constructor(cause: RepriseError) {
    super('CONFLICT', cause.message, { cause, ...(cause.hint !== undefined && { hint: cause.hint }) });
  }
}
