import type { TurnOptions } from '../contracts/session.ts';
import type { Outcome } from '../contracts/turn.ts';
import { RepriseError, isCoded, toCoded } from '../errors.ts';
import { sendAndWait } from '../inbox/sender.ts';
import { carryOn } from '../turn/carry-on.ts';
import { AwaitableTurn, TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import type { Parts } from './parts.ts';
import { answerWaiting, nothing, perform } from './perform.ts';

/** `session.message()`: a turn that can be awaited. */
export function startMessage(parts: Parts, input: string, options?: TurnOptions): AwaitableTurn {
  return startTurn(parts, new AwaitableTurn(parts.runtime.ids('turn'), parts.runtime.report), input, options);
}

/** `session.turn()`. */
export function startPlainTurn(parts: Parts, input: string, options?: TurnOptions): TurnHandle {
  return startTurn(parts, new TurnHandle(parts.runtime.ids('turn'), parts.runtime.report), input, options);
}

/** The message as it may be sent. */
function checkText(input: unknown): void {
  if (typeof input === 'string' && input.trim() !== '') return;
  throw new RepriseError('INVALID_INPUT', 'A message must be a text that is not empty.');
}

const KEY = /^[A-Za-z0-9_-]{1,100}$/;

/** Starts a turn after the caller's synchronous code and gives its handle at once. The lease is back before the outcome is told. */
function startTurn<T extends TurnHandle>(parts: Parts, handle: T, input: string, options: TurnOptions = {}): T {
  checkText(input);
  const { busy = 'fail', key = handle.id } = options;
  if (busy !== 'fail' && busy !== 'queue' && busy !== 'steer')
    throw new RepriseError('INVALID_INPUT', 'The option busy must be "fail", "queue" or "steer".');
  if (!KEY.test(key)) {
    throw new RepriseError('INVALID_INPUT', 'The option key must be 1 to 100 letters, digits, _ or -.');
  }
  return start(parts, handle, async () => {
    const wait = () => sendAndWait(parts, handle, { key, mode: busy === 'steer' ? 'steer' : 'queue', text: input });
    if (busy !== 'fail' && parts.running.size > 1) return wait();
    try {
      return await parts.live.exclusive(async () => {
        handle.signal.throwIfAborted();
        await answerWaiting(parts);
        return perform(parts, handle, (context) => runTurn(context, input));
      });
    } catch (error) {
      if (busy === 'fail' || !isCoded(error) || error.code !== 'SESSION_BUSY') throw error;
      return wait();
    }
  });
}

/** Carries on the turn that a crash left open, if there is one. */
export function carryOnOpen(parts: Parts): void {
  const { live, runtime } = parts;
  const open = live.state.open;
  if (open === undefined || parts.running.size > 0) return;
  const handle = new TurnHandle(open.turn, runtime.report);
  parts.recovering = start(parts, handle, () => live.exclusive(() => perform(parts, handle, carryOn)));
  void parts.recovering.outcome().then(() => (parts.recovering = undefined));
}

function start<T extends TurnHandle>(parts: Parts, handle: T, work: () => Promise<Outcome>): T {
  parts.running.add(handle);
  queueMicrotask(() => {
    const failed = (error: unknown): Outcome => nothing(handle.signal.aborted ? 'aborted' : 'failed', toCoded(error));
    void work()
      .catch(failed)
      .then((outcome) => {
        parts.running.delete(handle);
        if (outcome.status === 'failed' && outcome.error !== undefined) parts.live.events.emit('error', outcome.error);
        handle.finish(outcome);
      });
  });
  return handle;
}
