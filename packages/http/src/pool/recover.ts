import { isCoded } from '@reprise/core';
import type { ServerContext } from '../context.ts';

/** Sessions whose open turn was ended or goes on, and those that another process works on or that can't be opened. */
export interface Recovered {
  readonly settled: readonly string[];
  readonly continued: readonly string[];
  readonly left: readonly string[];
}

/** What a crash left open. The turns that go on take places as others do. */
export async function recoverOpenTurns(
  { sessions, pool, report, left: open }: ServerContext,
  how: 'interrupt' | 'continue',
): Promise<Recovered> {
  const settled: string[] = [];
  const continued: string[] = [];
  const left: string[] = [];
  for await (const id of sessions.unfinished()) {
    // What runs here was asked for since.
    if (pool.isBusy(id)) continue;
    open.add(id);
    try {
      const session = await sessions.resume(id);
      // Ends nothing that runs: under the lease, what is open was left by a crash.
      if (how === 'interrupt') {
        await session.update({});
        settled.push(id);
        open.delete(id);
        continue;
      }
      const again = await sessions.resume(id, { recover: 'continue' });
      const turn = again.recovering;
      open.delete(id);
      if (turn === undefined) continue;
      pool.keep(again);
      await pool.turn(id, () => turn, new AbortController().signal);
      continued.push(id);
    } catch (error) {
      left.push(id);
      if (!isCoded(error) || error.code !== 'SESSION_BUSY') report(error);
    }
  }
  return { settled, continued, left };
}
