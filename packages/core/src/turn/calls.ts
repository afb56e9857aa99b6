import { openApprovals } from '../asks/approve.ts';
import type { StepRecord, ResultRecord } from '../records/types.ts';
import type { ErrorCode } from '../errors.ts';
import { objection } from '../hooks/turn.ts';
import { isoNow } from '../session/clock.ts';
import { textOf } from '../state/state.ts';
import type { Ran } from '../tools/execute.ts';
import type { Asking, Prepared, Refused } from '../tools/prepare.ts';
import { prepare } from '../tools/prepare.ts';
import { runScheduled } from '../tools/schedule.ts';
import type { TurnContext } from './context.ts';
import { at } from './context.ts';
import type { Job } from './run-call.ts';
import { runCall } from './run-call.ts';

/** A call that failed, for whoever watches for loops. */
export interface Finished {
  readonly tool: string;
  readonly params: unknown;
  readonly ran: Ran;
  readonly code?: ErrorCode;
}

/**
 * Runs the calls of a stored step: each is prepared; people are asked about those that need it; then each runs beside the others where their locks
 * allow, as soon as it may, and its result is stored as it ends. Rejects where that fails, and where the turn is not to wait for people.
 */
export async function runCalls(context: TurnContext, step: StepRecord): Promise<Finished[]> {
  const { live, handle, runtime, desk } = context;
  const calls = step.toolCalls ?? [];
  for (const { id, tool, params } of calls) {
    const chunk = { type: 'tool_call', at: at(context), id, tool, params } as const;
    handle.chunk(chunk);
    live.events.emit('tool_call', chunk);
  }
  const finished: (Finished | undefined)[] = calls.map(() => undefined);
  const settle = async (index: number, ran: Ran, code?: ErrorCode): Promise<void> => {
    const call = calls[index];
    if (call === undefined) return;
    const { id, tool, params } = call;
    await desk.close(id);
    const record: ResultRecord = { type: 'result', at: isoNow(runtime.clock), turn: handle.id, call: id, tool, ...ran };
    await live.append(record);
    finished[index] = { tool, params, ran, ...(code !== undefined && { code }) };
    const error = ran.error === undefined ? {} : { error: ran.error };
    const chunk = { type: 'tool_result', at: at(context), id, tool, result: printable(ran), ...error } as const;
    handle.chunk(chunk);
    live.events.emit('tool_result', chunk);
  };
  const ready: { readonly index: number; readonly call: Prepared | Asking }[] = [];
  for (const [index, call] of calls.entries()) {
    const { refused = {} } = step;
    const known = Object.hasOwn(refused, call.id) ? refused[call.id] : undefined;
    if (known !== undefined) await settle(index, { result: null, error: known }, 'TOOL_ERROR');
    else {
      const prepared = await prepareCall(context, call);
      if (prepared.kind === 'refused') await settle(index, { result: null, error: prepared.error }, prepared.code);
      else ready.push({ index, call: prepared });
    }
  }
  const objections = await Promise.all(ready.map(({ call }) => objection(context, call)));
  for (const [at, why] of objections.entries()) {
    if (why === undefined) continue;
    await settle(ready[at]?.index ?? -1, { result: null, error: `Permission denied: ${why}` }, 'PERMISSION_DENIED');
  }
  const left = ready.filter((_, at) => objections[at] === undefined);
  const { standings, failure } = await openApprovals(
    desk,
    left.map(({ call }) => call),
  );
  if (failure !== undefined) {
    for (const [at, { index }] of left.entries()) {
      const standing = standings[at];
      const error = standing?.kind === 'refused' ? standing.error : NOT_RUN;
      await settle(index, { result: null, error }, 'PERMISSION_DENIED');
    }
    throw failure;
  }
  const jobs = left.map(({ index, call }, at): Job => {
    const { access } = call.kind === 'ask' ? call.prepared : call;
    return { index, access, call, standing: standings[at] ?? { kind: 'run' } };
  });
  // What can't be stored stops the others: nothing may have an effect that leaves no trace.
  const broken = new AbortController();
  const signal = AbortSignal.any([context.signal, broken.signal]);
  await runScheduled(jobs, async (job) => {
    try {
      const { ran, code } = await runCall({ ...context, signal }, job);
      await settle(job.index, ran, code);
    } catch (error) {
      broken.abort(error);
      throw error;
    }
  });
  if (desk.failure !== undefined) throw desk.failure;
  return finished.filter((entry) => entry !== undefined);
}

/** What the model is told of the other calls of a step that ended its turn. */
export const NOT_RUN = 'Not run: the turn ended, because another call needs a person to agree.';

function prepareCall(context: TurnContext, call: Prepared['call']): Promise<Prepared | Refused | Asking> {
  const { live, runtime, roots, tools, isNamed } = context;
  return prepare(call, {
    session: live.id,
    cwd: roots[0] ?? '/',
    roots,
    tools,
    isNamed,
    offered: live.state.tools,
    permissions: runtime.permissions,
  });
}

/** What a template string shows as the model was shown it, and not as `[object Object]`. It is the same as JSON. */
function printable({ result, shown }: Ran): Ran['result'] {
  if (typeof result !== 'object' || result === null) return result;
  const copy = Array.isArray(result) ? [...result] : { ...result };
  return Object.defineProperty(copy, 'toString', { value: () => shown ?? textOf(result) });
}
