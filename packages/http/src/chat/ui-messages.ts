import type { Message, MessageInput, MessagePage } from '@reprise/core';
import type { FileHolder } from './files.ts';
import { fileShower, filesOf } from './files.ts';

type Part = { readonly type: string } & Readonly<Record<string, unknown>>;

/** The AI SDK's `UIMessage`, as far as sessions need it. */
export interface UiMessage {
  readonly id: string;
  readonly role: 'system' | 'user' | 'assistant';
  readonly parts: readonly Part[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Messages of a session as a chat shows them: what one turn answered is one message, with a step for each model call. */
export async function uiMessages(items: MessagePage['items'], session: FileHolder): Promise<UiMessage[]> {
  const files = await shownFiles(items, session);
  const shown: UiMessage[] = [];
  for (const { turn, ...message } of items) {
    if (message.role !== 'assistant') {
      const own = files.get(message.id) ?? [];
      const said = message.content === '' && own.length > 0 ? [] : [{ type: 'text', text: message.content }];
      shown.push({ id: message.id, role: message.role, parts: [...own, ...said] });
      continue;
    }
    const last = shown.at(-1);
    const parts = partsOf(message);
    if (last?.role === 'assistant' && turn !== undefined && last.id === turn)
      shown[shown.length - 1] = { ...last, parts: [...last.parts, ...parts] };
    else shown.push({ id: turn ?? message.id, role: 'assistant', parts });
  }
  return shown;
}

/** By message, the newest first: of many files those are shown. */
async function shownFiles(items: MessagePage['items'], session: FileHolder): Promise<Map<string, Part[]>> {
  const show = fileShower(session);
  const files = new Map<string, Part[]>();
  for (const { id, attachments = [] } of items.toReversed()) {
    const parts: Part[] = [];
    for (const file of attachments) parts.push(await show(file));
    files.set(id, parts);
  }
  return files;
}

function partsOf({ content, toolCalls = [], toolResults = [] }: Message): Part[] {
  const results = new Map(toolResults.map((result) => [result.id, result]));
  const calls = toolCalls.map(({ id, tool, params }): Part => {
    const call = { type: 'dynamic-tool', toolCallId: id, toolName: tool, input: params };
    const result = results.get(id);
    if (result === undefined) return { ...call, state: 'input-available' };
    if (result.error === undefined) return { ...call, state: 'output-available', output: result.result ?? null };
    return { ...call, state: 'output-error', errorText: result.error };
  });
  const text: Part[] = content === '' ? [] : [{ type: 'text', text: content, state: 'done' }];
  return [{ type: 'step-start' }, ...text, ...calls];
}

/** What a chat message says: its texts, and with its files what a session is told. INVALID_INPUT for a file that is somewhere else. */
export function saidIn(parts: readonly Part[]): {
  readonly text: string;
  readonly isEmpty: boolean;
  /** Those that are said. */
  readonly parts: readonly Part[];
  input(session: FileHolder): MessageInput;
} {
  const text = parts
    .flatMap((part) => (part.type === 'text' && typeof part['text'] === 'string' ? part['text'] : []))
    .join('\n\n');
  const files = filesOf(parts);
  return {
    text,
    parts: parts.filter(({ type }) => type === 'text' || type === 'file'),
    isEmpty: text.trim() === '' && files.length === 0,
    input: (session) => (files.length === 0 ? text : { text, attachments: files.map((file) => file(session)) }),
  };
}

/** Answers to questions that a chat message holds: the clients send them with the message whose calls waited. */
export function answersIn(
  parts: readonly Part[],
): { readonly id: string; readonly approved: boolean; readonly reason?: string }[] {
  return parts.flatMap((part) => {
    const { id, approved, reason } = Object(part['approval']) as Record<string, unknown>;
    if (part['state'] !== 'approval-responded' || typeof id !== 'string') return [];
    return [{ id, approved: approved === true, ...(typeof reason === 'string' && { reason }) }];
  });
}
