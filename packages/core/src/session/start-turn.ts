import type { Outcome } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import { RepriseError, toCoded } from '../errors.ts';
import { NO_USAGE } from '../state/state.ts';
import type { TurnContext } from '../turn/context.ts';
import { TurnHandle } from '../turn/handle.ts';
import { carryOn } from '../turn/carry-on.ts';
import { runTurn } from '../turn/run.ts';
import { offerNewTools, ready } from './ready.ts';
import type { Parts } from './parts.ts';

/** The message as it may be sent. */
export function checkText(input: unknown): void {
  if (typeof input === 'string' && input.trim() !== '') return;
  throw new RepriseError('INVALID_INPUT', 'A message must be a text that is not empty.');
}

/** Starts a turn after the caller's synchronous code and gives its handle at once. The lease is back before the outcome is told. */
export function startTurn<T extends TurnHandle>(parts: Parts, handle: T, input: string): T {
  return start(parts, handle, (context) => runTurn(context, input));
}

/** Carries on the turn that a crash left open, if there is one. */
export function carryOnOpen(parts: Parts): void {
  const { live, runtime } = parts;
  const open = live.state.open;
  if (open === undefined || parts.running.size > 0) return;
  parts.recovering = start(parts, new TurnHandle(open.turn, runtime.report), carryOn);
  void parts.recovering.outcome().then(() => (parts.recovering = undefined));
}

function start<T extends TurnHandle>(parts: Parts, handle: T, work: (context: TurnContext) => Promise<Outcome>): T {
  parts.running.add(handle);
  queueMicrotask(() => {
    void run(parts, handle, work).then((outcome) => {
      parts.running.delete(handle);
      if (outcome.status === 'failed' && outcome.error !== undefined) parts.live.events.emit('error', outcome.error);
      handle.finish(outcome);
    });
  });
  return handle;
}

async function run(
  parts: Parts,
  handle: TurnHandle,
  work: (context: TurnContext) => Promise<Outcome>,
): Promise<Outcome> {
  const { live, runtime, tools } = parts;
  try {
    return await live.exclusive(async () => {
      handle.signal.throwIfAborted();
      const model = await parts.resolveModel();
      // The turn that is carried on is the one that stays open.
      if (live.state.open?.turn !== handle.id) await ready(parts);
      handle.started(live.id);
      for (const message of parts.warnings.splice(0)) live.events.emit('warning', { message });
      const { cwd, named } = live.state;
      const roots = cwd === undefined ? [] : [cwd];
      const isNamed = (tool: string): boolean => named || parts.registered.has(tool);
      const { signal } = handle;
      const context = { runtime, live, handle, model, tools, roots, isNamed, signal };
      return work({ ...context, offerNewTools: () => offerNewTools(parts) });
    });
  } catch (error) {
    return nothing(handle.signal.aborted ? 'aborted' : 'failed', toCoded(error));
  }
}

/** The outcome of a turn that stored nothing. */
function nothing(status: 'aborted' | 'failed', error: Coded): Outcome {
  const finishReason = status === 'aborted' ? 'interrupted' : 'error';
  return { status, finishReason, error, tokens: 0, usage: NO_USAGE, steps: 0 };
}
