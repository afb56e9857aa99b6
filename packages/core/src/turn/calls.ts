import type { ToolContext } from '../contracts/tool.ts';
import type { StepRecord, ResultRecord } from '../records/types.ts';
import type { ErrorCode } from '../errors.ts';
import { isoNow } from '../session/clock.ts';
import type { Ran } from '../tools/execute.ts';
import { execute } from '../tools/execute.ts';
import type { Prepared, Refused } from '../tools/prepare.ts';
import { prepare } from '../tools/prepare.ts';
import { runScheduled } from '../tools/schedule.ts';
import type { TurnContext } from './context.ts';
import { at } from './context.ts';

/** A call that failed, for whoever watches for loops. */
export interface Finished {
  readonly tool: string;
  readonly params: unknown;
  readonly ran: Ran;
  readonly code?: ErrorCode;
}

/** Runs the calls of a stored step: each is prepared, executed beside the others where their locks allow, and its result stored as it ends. */
export async function runCalls(context: TurnContext, step: StepRecord): Promise<Finished[]> {
  const { live, handle, runtime } = context;
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
    const record: ResultRecord = { type: 'result', at: isoNow(runtime.clock), turn: handle.id, call: id, tool, ...ran };
    await live.append(record);
    finished[index] = { tool, params, ran, ...(code !== undefined && { code }) };
    const error = ran.error === undefined ? {} : { error: ran.error };
    const chunk = { type: 'tool_result', at: at(context), id, tool, result: printable(ran), ...error } as const;
    handle.chunk(chunk);
    live.events.emit('tool_result', chunk);
  };
  const jobs: (Prepared & { readonly index: number })[] = [];
  for (const [index, call] of calls.entries()) {
    const { refused = {} } = step;
    const known = Object.hasOwn(refused, call.id) ? refused[call.id] : undefined;
    if (known !== undefined) await settle(index, { result: null, error: known }, 'TOOL_ERROR');
    else {
      const prepared = await prepareCall(context, call);
      if (prepared.kind === 'run') jobs.push({ ...prepared, index });
      else await settle(index, { result: null, error: prepared.error }, prepared.code);
    }
  }
  // A result that can't be stored stops the others: nothing may have an effect that leaves no trace.
  const broken = new AbortController();
  const signal = AbortSignal.any([context.signal, broken.signal]);
  await runScheduled(jobs, async (job) => {
    const ran = await execute(job, toolContext({ ...context, signal }, job.call.id), runtime.clock);
    await settle(job.index, ran, ran.error === undefined ? undefined : 'TOOL_ERROR').catch((error: unknown) => {
      broken.abort(error);
      throw error;
    });
  });
  return finished.filter((entry) => entry !== undefined);
}

function prepareCall(context: TurnContext, call: Prepared['call']): Promise<Prepared | Refused> {
  const { live, runtime, roots, signal, tools, handle, hub, isNamed } = context;
  return prepare(call, {
    session: live.id,
    cwd: roots[0] ?? '/',
    roots,
    tools,
    isNamed,
    offered: live.state.tools,
    permissions: runtime.permissions,
    ask: runtime.ask,
    signal,
    asking: ({ access }) => {
      const chunk = { type: 'approval', at: at(context), id: `ask_${call.id}`, call: call.id, access } as const;
      handle.chunk(chunk);
      hub.aside(chunk);
    },
  });
}

function toolContext(context: TurnContext, call: string): ToolContext {
  const { live, handle, hub, runtime, roots, signal } = context;
  return {
    session: live.id,
    turn: handle.id,
    call,
    cwd: roots[0] ?? '/',
    roots,
    signal,
    now: () => runtime.clock.now(),
    progress(update) {
      const chunk = { type: 'tool_progress', at: at(context), id: call, ...update } as const;
      handle.chunk(chunk);
      hub.aside(chunk);
    },
  };
}

/** An object that a template string shows as the model was shown it, and not as `[object Object]`. It is the same as JSON. */
function printable({ result, shown }: Ran): Ran['result'] {
  if (shown === undefined || typeof result !== 'object' || result === null || Array.isArray(result)) return result;
  return Object.defineProperty({ ...result }, 'toString', { value: () => shown });
}
