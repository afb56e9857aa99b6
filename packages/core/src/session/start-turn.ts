import type { MessageInput, TurnOptions } from '../contracts/session.ts';
import type { Outcome } from '../contracts/turn.ts';
import { isCoded, toCoded } from '../errors.ts';
import { sendAndWait } from '../inbox/sender.ts';
import { answeredBefore, underWay } from '../inbox/under-way.ts';
import { carryOn } from '../turn/carry-on.ts';
import { AwaitableTurn, TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import { changeOf } from './begin.ts';
import type { Parts } from './parts.ts';
import { answerWaiting, nothing, perform } from './perform.ts';
import { againOf, askedOf, saidOf, saidToWait } from './said.ts';

/** `session.message()`: a turn that can be awaited. */
export function startMessage(parts: Parts, input: MessageInput, options?: TurnOptions): AwaitableTurn {
  return startTurn(parts, new AwaitableTurn(parts.runtime.ids('turn'), parts.runtime.report), input, options);
}

/** `session.turn()`. */
export function startPlainTurn(parts: Parts, input: MessageInput, options?: TurnOptions): TurnHandle {
  return startTurn(parts, new TurnHandle(parts.runtime.ids('turn'), parts.runtime.report), input, options);
}

/** Starts a turn after the caller's synchronous code and gives its handle at once. The lease is back before the outcome is told. */
function startTurn<T extends TurnHandle>(parts: Parts, handle: T, input: MessageInput, options: TurnOptions = {}): T {
  const asked = askedOf(input, options);
  const { busy = 'fail', key = handle.id, model, onAsk } = options;
  const changes = model === undefined ? {} : { model };
  handle.onAsk = onAsk;
  handle.output = options.output;
  const { live, running } = parts;
  running.join(handle, key);
  return start(parts, handle, async () => {
    const again = options.key === undefined ? undefined : againOf(asked, key, handle.signal);
    const sentBefore = async () => again && underWay(parts, handle, again);
    const wait = async () => {
      const before = await sentBefore();
      if (before !== undefined) return before;
      // Whoever is first at the session again records it.
      await changeOf(parts, changes);
      const said = await saidToWait(asked, parts, handle.signal);
      await running.before(handle, 'settled', handle.signal);
      return sendAndWait(parts, handle, { ...said, key, mode: busy === 'steer' ? 'steer' : 'queue' });
    };
    const [first] = running;
    if (busy !== 'fail' && first !== handle) return wait();
    try {
      const others = running.before(handle, 'queued', handle.signal);
      if (others !== undefined) await others;
      const turn = live.exclusive(async () => {
        handle.signal.throwIfAborted();
        running.settled(handle);
        await answerWaiting(parts, handle);
        const before = again && (await answeredBefore(parts, handle, again));
        if (before !== undefined) return before;
        await changeOf(parts, changes);
        const said = await saidOf(asked, handle.signal);
        const keyed = options.key === undefined ? said : { ...said, key };
        return perform(parts, handle, (context) => runTurn(context, keyed));
      });
      if (busy === 'fail') running.settled(handle);
      else running.queued(handle);
      return await turn;
    } catch (error) {
      if (!isCoded(error) || error.code !== 'SESSION_BUSY') throw error;
      if (busy !== 'fail') return wait();
      const before = await sentBefore();
      if (before === undefined) throw error;
      return before;
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

/** Runs a turn's work after the caller's synchronous code. */
export function start<T extends TurnHandle>(parts: Parts, handle: T, work: () => Promise<Outcome>): T {
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
