import { isUnchanged } from '../asks/approve.ts';
import type { Standing } from '../asks/approve.ts';
import { questionsOf } from '../asks/consult.ts';
import { denialOf } from '../asks/words.ts';
import type { Access, PermissionRequest } from '../contracts/tool.ts';
import { keepForTool } from '../files/keep.ts';
import { afterwards } from '../hooks/turn.ts';
import type { StoredFile } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { isApproval } from '../state/asks.ts';
import { execute } from '../tools/execute.ts';
import type { CallContext, Ran } from '../tools/execute.ts';
import type { Asking, Prepared, Refused } from '../tools/prepare.ts';
import type { TurnContext } from './context.ts';
import { at } from './context.ts';

/** A call that got through its first phase, in the order of its step. */
export interface Job {
  readonly index: number;
  readonly access: Access;
  readonly call: Prepared | Asking;
  readonly standing: Standing;
}

/** What a call gave, and the code of its failure. */
export interface Ended {
  readonly ran: Ran;
  readonly code?: Refused['code'];
}

/** One call, from the word of whoever is asked to what its tool gave. Rejects only where something can't be stored. */
export async function runCall(context: TurnContext, job: Job): Promise<Ended> {
  const { desk, signal, runtime } = context;
  const { call, standing } = job;
  if (standing.kind === 'refused') return denied(standing.error);
  if (standing.kind === 'wait') {
    const denial = denialOf(await desk.answerTo(standing.id, standing.matter, signal));
    if (denial !== undefined) return denied(denial);
    if (call.kind === 'ask' && !(await isUnchanged(call, standing.matter)))
      return denied('Permission denied: the arguments are not those that were allowed.');
  }
  const prepared = call.kind === 'ask' ? call.prepared : call;
  if (!signal.aborted) await begin(context, prepared);
  const kept = new Map<string, StoredFile>();
  const life = { over: false };
  const given = await execute(prepared, toolContext(context, prepared, kept, life), runtime, kept);
  life.over = true;
  const ran = await afterwards(context, prepared, given);
  return { ran, ...(ran.error !== undefined && { code: 'TOOL_ERROR' }) };
}

function denied(error: string): Ended {
  return { ran: { result: null, error }, code: 'PERMISSION_DENIED' };
}

/** Where people were asked, a turn may wait for long and die meanwhile: then it is known which calls never ran. */
async function begin({ desk, live, handle, runtime }: TurnContext, { call }: Prepared): Promise<void> {
  if (!desk.asks().some(isApproval)) return;
  await live.append({ type: 'start', at: isoNow(runtime.clock), turn: handle.id, call: call.id });
}

function toolContext(
  context: TurnContext,
  { call, tool, input, access }: Prepared,
  kept: Map<string, StoredFile>,
  life: { readonly over: boolean },
): CallContext {
  const { live, handle, hub, runtime, roots, signal, desk, isNamed } = context;
  const cwd = roots[0] ?? '/';
  const named = isNamed(tool.name);
  const request: PermissionRequest = {
    session: live.id,
    call: call.id,
    tool: tool.name,
    named,
    input,
    access,
    cwd,
    roots,
  };
  return {
    session: live.id,
    turn: handle.id,
    call: call.id,
    cwd,
    roots,
    signal,
    now: () => runtime.clock.now(),
    progress(update) {
      const chunk = { type: 'tool_progress', at: at(context), id: call.id, ...update } as const;
      handle.chunk(chunk);
      hub.aside(chunk);
    },
    async keep(bytes, mediaType) {
      const file = await keepForTool(live, runtime, bytes, mediaType, signal);
      kept.set(file.sha256, file);
      return { sha256: file.sha256 };
    },
    ask: questionsOf(desk, request, signal, () => life.over),
    spawn: (task, own = signal) => context.spawn(task, call.id, own),
  };
}
