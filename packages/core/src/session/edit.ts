import type { Expected } from '../contracts/history.ts';
import type { Session } from '../contracts/session.ts';
import type { Message } from '../contracts/turn.ts';
import { planKeepLast, planPrune } from '../context/plan.ts';
import { windowOf } from '../context/window.ts';
import { RepriseError } from '../errors.ts';
import { readTranscript } from './messages.ts';
import { changing } from './ready.ts';
import { isoNow } from './clock.ts';
import type { Parts } from './parts.ts';

/** Records another text or mark for a message. What follows it stays; an assistant message keeps its calls. */
export async function editMessage(
  parts: Parts,
  id: string,
  change: { readonly content?: string; readonly important?: boolean },
  options?: Expected,
): Promise<Message> {
  const { content, important } = Object(change) as typeof change;
  if (content === undefined && important === undefined) {
    throw new RepriseError('INVALID_INPUT', 'Nothing to change.', { hint: 'Give `content` or `important`.' });
  }
  if (content !== undefined && typeof content !== 'string')
    throw new RepriseError('INVALID_INPUT', 'The content of a message must be a string.');
  if (important !== undefined && typeof important !== 'boolean')
    throw new RepriseError('INVALID_INPUT', '`important` must be true or false.');
  return changing(
    parts,
    async () => {
      const { live, runtime } = parts;
      const old = await find(parts, id);
      if (old.role === 'user' && content !== undefined && content.trim() === '') {
        throw new RepriseError('INVALID_INPUT', 'A message must not become empty.', { hint: 'Delete it instead.' });
      }
      const facts = { ...(content !== undefined && { content }), ...(important !== undefined && { important }) };
      await live.append({ type: 'edit', at: isoNow(runtime.clock), message: id, ...facts });
      return { ...old, ...facts };
    },
    options,
  );
}

/** Takes a message out of what is shown and sent; an assistant message goes with its calls and results. */
export function deleteMessage(parts: Parts, id: string, options?: Expected): Promise<void> {
  return changing(
    parts,
    async () => {
      const { live, runtime } = parts;
      const { role } = await find(parts, id);
      const seq = (await readTranscript(live)).seqOf(id) ?? 0;
      const cleared = seq < live.state.clearedFrom ? { cleared: true } : {};
      await live.append({ type: 'delete', at: isoNow(runtime.clock), message: id, role, ...cleared });
    },
    options,
  );
}

/** Moves the start of the window; nothing is destroyed, and `getMessages()` still shows what was pruned. */
export async function pruneContext(
  parts: Parts,
  options: NonNullable<Parameters<Session['pruneContext']>[0]>,
): Promise<void> {
  const { keepLast, keepSystem = true, keepImportant = true } = options;
  if (keepLast !== undefined) checkCount(keepLast);
  return changing(
    parts,
    async () => {
      const { live, runtime, model } = parts;
      const { settings, tokens } = live.state;
      const window = model === undefined ? (settings.contextWindow ?? tokens) : windowOf(settings, model.info);
      const plan =
        keepLast === undefined
          ? planPrune(live.state, { max: window, overhead: 0 }, true)
          : planKeepLast(live.state, keepLast, { system: keepSystem, important: keepImportant });
      if (plan !== undefined)
        await live.append({ type: 'boundary', at: isoNow(runtime.clock), reason: 'prune', ...plan });
    },
    options,
  );
}

/** The conversation starts anew, with the last `keepLast` messages if given. The log keeps everything. */
export async function clearHistory(parts: Parts, options: { readonly keepLast?: number } & Expected): Promise<void> {
  const { keepLast = 0 } = options;
  checkCount(keepLast);
  return changing(
    parts,
    async () => {
      const { live, runtime } = parts;
      const transcript = await readTranscript(live, live.state.clearedFrom);
      const spoken = transcript.messages(live.state.clearedFrom).filter((message) => message.role !== 'system');
      const first = keepLast === 0 ? undefined : (spoken.at(-keepLast) ?? spoken[0]);
      const from = first === undefined ? live.state.seq + 1 : (transcript.seqOf(first.id) ?? live.state.seq + 1);
      const messages = Math.min(keepLast, spoken.length);
      await live.append({ type: 'boundary', at: isoNow(runtime.clock), reason: 'clear', from, keep: [], messages });
    },
    options,
  );
}

async function find(parts: Parts, id: string): Promise<Message> {
  const message = (await readTranscript(parts.live)).message(id);
  if (message?.takenBack) throw takenBack(id);
  if (message !== undefined) return message;
  throw new RepriseError('INVALID_INPUT', `There is no message ${JSON.stringify(id)} in this session.`, {
    hint: '`getMessages({ all: true })` and `reprise session show` show every message with its id.',
  });
}

function takenBack(id: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `The message ${JSON.stringify(id)} was taken back.`, {
    hint: '`undo()` or `redo()` brings it back, and `fork({ fromMessage })` goes on with it in a copy.',
  });
}

function checkCount(value: unknown): void {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return;
  throw new RepriseError('INVALID_INPUT', '`keepLast` must be a whole number, 0 or more.');
}
