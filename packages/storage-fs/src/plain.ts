import { closeSync } from 'node:fs';
import { z } from 'zod';
import { openExisting, readSmall, readWhole } from './files.ts';
import { readMetadata } from './head-file.ts';
import { firstRecord } from './recover-head.ts';

/** How every log of ours begins; a hand-written one hardly does. */
const OURS = '[{"seq":';
const CHECKSUM = /"(sum|and)":"[0-9a-f]{8}"\}$/m;

const Json = z.json();
const Message = z.object({
  id: z.string().min(1).optional(),
  role: z.enum(['user', 'assistant', 'system']),
  content: z.string(),
  timestamp: z.string().optional(),
  toolCalls: z.array(z.object({ id: z.string(), tool: z.string(), params: z.record(z.string(), Json) })).optional(),
  toolResults: z.array(z.object({ id: z.string(), result: Json.optional(), error: z.string().optional() })).optional(),
});
const Messages = z.array(Message).min(1);

/**
 * The records of a hand-written session, whose `messages.json` is a plain array of the spec's messages: no line carries a checksum and
 * `metadata.json` names no format. `undefined` for every other folder. Reads the whole file, but only where it doesn't begin as ours.
 */
export function plainRecords(folder: string, id: string): readonly string[] | undefined {
  const path = `${folder}/messages.json`;
  if (beginsAsOurs(path)) return undefined;
  const metadata = readMetadata(folder, id);
  if (metadata?.format !== undefined) return undefined;
  const text = readSmall(path) ?? '';
  if (text.trim() === '' || CHECKSUM.test(text)) return undefined;
  const messages = messagesIn(text);
  return messages && [firstRecord(metadata, timeOf(messages[0])), ...messages.flatMap(recordsOf)];
}

/** As they were parsed: what the schema gives has lost every key `__proto__`. */
function messagesIn(text: string): z.infer<typeof Messages> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Messages.safeParse(value).success ? (value as z.infer<typeof Messages>) : undefined;
  } catch {
    // No JSON, or nested deeper than the schema's stack goes.
    return undefined;
  }
}

function beginsAsOurs(path: string): boolean {
  const fd = openExisting(path, 'read');
  if (fd === undefined) return true;
  try {
    const start = Buffer.alloc(OURS.length);
    return readWhole(fd, start, 0) === start.length && start.toString('latin1') === OURS;
  } finally {
    closeSync(fd);
  }
}

/** A message as core's records, as an import makes them. Ids come from the place, so that each reading gives the same. */
function recordsOf(message: z.infer<typeof Message>, at: number): readonly string[] {
  const { id = `plain-${at + 1}`, role, content, toolCalls = [], toolResults = [] } = message;
  const timestamp = timeOf(message);
  if (role !== 'assistant') return [JSON.stringify({ type: 'message', id, role, content, timestamp })];
  const turn = `plain-turn-${at + 1}`;
  const made = toolCalls.map(({ id: call, tool, params }) => ({ id: call, tool, params }));
  const calls = made.length > 0 ? { toolCalls: made } : {};
  const finishReason = toolCalls.length > 0 ? 'tool-calls' : 'stop';
  const step = { type: 'step', id, role, content, timestamp, turn, ...calls, finishReason };
  const results = toolResults.flatMap(({ id: call, result = null, error }) => {
    const tool = toolCalls.find((each) => each.id === call)?.tool;
    return tool === undefined ? [] : [{ type: 'result', at: timestamp, turn, call, tool, result, error }];
  });
  return [step, ...results].map((record) => JSON.stringify(record));
}

function timeOf(message: z.infer<typeof Message> | undefined): string {
  return message?.timestamp ?? new Date(0).toISOString();
}
