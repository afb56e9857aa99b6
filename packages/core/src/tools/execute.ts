import type { JSONValue } from '@ai-sdk/provider';
import type { Clock } from '../contracts/clock.ts';
import type { SubTask, ToolContext } from '../contracts/tool.ts';
import type { Turn } from '../contracts/turn.ts';
import type { StoredFile } from '../records/types.ts';
import { sleep } from '../session/clock.ts';
import { jsonSafe } from './json-safe.ts';
import type { Prepared } from './prepare.ts';
import { TimeLimit } from './time-limit.ts';

/** What a call gave: JSON, what the model is shown where that differs, or the text of a failure. */
export interface Ran {
  readonly result: JSONValue;
  readonly shown?: string;
  readonly error?: string;
  readonly attachments?: readonly StoredFile[];
}

/** What `execute` makes a tool's context of: the tool gets the call's own signal. */
export interface CallContext extends ToolContext {
  spawn(task: SubTask, signal?: AbortSignal): Turn;
}

/** A tool has this long to end once it was told to stop; then it is left behind. */
const GRACE_MS = 2000;
/** The longest that a call may take unless somebody says otherwise. */
export const CALL_MS = 15 * 60_000;
/** Characters of one result that the model is shown. A tool that wants to tell more writes a file. */
const SHOWN = 200_000;

/** Phase two: runs the tool. Never rejects; whatever goes wrong is data for the model. */
export async function execute(
  prepared: Prepared,
  context: CallContext,
  { clock, callMs }: { readonly clock: Clock; readonly callMs: number },
  kept: ReadonlyMap<string, StoredFile> = new Map(),
): Promise<Ran> {
  if (context.signal.aborted) return { result: null, error: 'Not run: the turn was aborted.' };
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const finished = new AbortController();
  const limitMs = prepared.tool.callMs ?? callMs;
  const limit = new TimeLimit(clock, limitMs);
  const ask: ToolContext['ask'] = (question) => limit.without(() => context.ask(question));
  const spawn: ToolContext['spawn'] = (task) => {
    const turn = context.spawn(task, signal);
    void limit.without(() => turn.outcome());
    return turn;
  };
  const overdue = async (): Promise<Ran> => {
    await limit.over(AbortSignal.any([signal, finished.signal])).then(
      () => stop.abort(new Error(`The call took longer than ${limitMs / 1000} s.`)),
      () => undefined,
    );
    await sleep(clock, GRACE_MS, finished.signal).catch(() => undefined);
    return { result: null, error: 'The call was told to stop and did not: its outcome is unknown.' };
  };
  const run = async (): Promise<Ran> => {
    try {
      return finalize(prepared, await prepared.tool.run(prepared.input, { ...context, signal, ask, spawn }), kept);
    } catch (error) {
      return { result: null, error: messageOf(error) };
    } finally {
      finished.abort();
    }
  };
  return Promise.race([run(), overdue()]);
}

/** Phase three: what is stored and what is shown. */
function finalize(prepared: Prepared, output: unknown, kept: ReadonlyMap<string, StoredFile>): Ran {
  const result = jsonSafe(output);
  const content = prepared.tool.toModel?.(output);
  if (content === undefined) {
    const text = typeof result === 'string' ? result : JSON.stringify(result);
    return text.length > SHOWN ? { result, shown: cut(text) } : { result };
  }
  const attachments = content.flatMap((part) => (part.type === 'blob' ? (kept.get(part.sha256) ?? []) : []));
  const words = content.flatMap((part) => {
    if (part.type === 'text') return [part.text];
    return kept.has(part.sha256) ? [] : [`[${part.mediaType}]`];
  });
  const shown = cut(words.join('\n'));
  return attachments.length === 0 ? { result, shown } : { result, shown, attachments };
}

/** A text that a model is shown. */
export function cut(text: string): string {
  if (text.length <= SHOWN) return text;
  return `${text.slice(0, SHOWN)}\n[${text.length - SHOWN} more characters were left out]`;
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text === '' ? 'The tool failed without a message.' : cut(text);
}
