import { AskDesk } from '../asks/desk.ts';
import { dropStale, waitingMessages, watchInbox } from '../inbox/holder.ts';
import type { Outcome } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import { toCoded } from '../errors.ts';
import { NO_USAGE } from '../state/state.ts';
import type { TurnContext } from '../turn/context.ts';
import { TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import { contextOf } from './context-of.ts';
import type { Parts } from './parts.ts';
import { ready, settleChildren } from './ready.ts';

/** One turn under the lease, on a settled session. Rejects where it can't begin. */
export async function perform(
  parts: Parts,
  handle: TurnHandle,
  work: (context: TurnContext) => Promise<Outcome>,
): Promise<Outcome> {
  const { live, runtime } = parts;
  handle.signal.throwIfAborted();
  const model = await parts.resolveModel();
  // The turn that is carried on is the one that stays open.
  if (live.state.open?.turn !== handle.id) await ready(parts);
  else await settleChildren(parts);
  const desk = new AskDesk({ runtime, live, handle, asker: parts.asker });
  parts.desk = desk;
  await dropStale({ runtime, live, desk }).catch((error: unknown) => {
    parts.desk = undefined;
    throw error;
  });
  handle.started(live.id);
  for (const message of parts.warnings.splice(0)) live.events.emit('warning', { message });
  const { hub, leave } = runtime.hubs.enter(live.id, live.state.seq);
  const context = contextOf(parts, { handle, model, desk, hub });
  const stop = watchInbox(context);
  try {
    return await work(context);
  } finally {
    stop();
    leave();
    parts.desk = undefined;
  }
}

/**
 * Answers what waits in the inbox before `next` is, oldest first, each in a turn of its own. What was sent here after it stays; `until`: only what
 * came before that key.
 */
export async function answerWaiting(parts: Parts, next: TurnHandle, until?: string): Promise<void> {
  const { live, runtime, running } = parts;
  for (const said of await waitingMessages(live)) {
    if (said.key === until) return;
    if (running.after(next).has(said.key)) continue;
    const handle = new TurnHandle(runtime.ids('turn'), runtime.report);
    running.add(handle);
    live.events.emit('turn', handle);
    const outcome = await perform(parts, handle, (context) => runTurn(context, said)).catch((error: unknown) =>
      nothing(handle.signal.aborted ? 'aborted' : 'failed', toCoded(error)),
    );
    running.delete(handle);
    handle.finish(outcome);
  }
}

/** The outcome of a turn that stored nothing. */
export function nothing(status: 'aborted' | 'failed', error: Coded): Outcome {
  const finishReason = status === 'aborted' ? 'interrupted' : 'error';
  return { status, finishReason, error, tokens: 0, usage: NO_USAGE, steps: 0 };
}
