import type { ExportedFile } from '../contracts/history.ts';
import type { ImportOptions } from '../contracts/session.ts';
import { isCoded, RepriseError } from '../errors.ts';
import { isKnown } from '../records/codec.ts';
import { importFiles } from '../files/transfer.ts';
import { FORMAT } from '../records/types.ts';
import type { ModelName, Rec } from '../records/types.ts';
import type { ImportedMessage } from './import-schema.ts';
import type { LiveSession } from './live.ts';
import type { Runtime } from './runtime.ts';
import { isoNow } from './clock.ts';

/** What an import holds: an id if it names one, and the records of the new session. */
export interface Imported {
  readonly id?: string;
  readonly records: readonly Rec[];
  /** What people should know of the model. */
  readonly notice?: string;
  readonly files: readonly ExportedFile[];
}

/**
 * Reads what `export()` gave, an object with the spec's `messages`, or an array of the spec's messages. Everything is checked; INVALID_INPUT
 * says where it is wrong. A checkpoint is no fact but a shortcut, so it isn't taken over; neither is anybody's permission, which was not given here.
 * `asked` names the model to go on with, whatever the data name: MODEL_NOT_FOUND where it is none.
 */
export async function readImport(
  data: unknown,
  runtime: Runtime,
  { model: asked, tags }: Pick<ImportOptions, 'model' | 'tags'>,
): Promise<Imported> {
  const { importSchema } = await import('./import-schema.ts');
  const { z } = await import('zod');
  if (typeof data === 'object' && data !== null && 'format' in data && Number(data.format) > FORMAT) {
    throw new RepriseError(
      'FORMAT_TOO_NEW',
      `The export has format ${String(data.format)}; this version knows ${FORMAT}.`,
      {
        hint: 'Import it with a newer version of Reprise.',
      },
    );
  }
  const parsed = parse(() => importSchema().safeParse(data));
  if (!parsed.success) throw noSession(z.prettifyError(parsed.error));
  const { id, records, files = [], messages, model: named, title, cwd } = parsed.data;
  const at = isoNow(runtime.clock);
  if (records !== undefined) {
    const kept = records.map((record): Rec => {
      const left = leftOut(record);
      return left === undefined ? owned(record) : { type: 'warning', at, message: `${left} was left out at import.` };
    });
    const { model, notice } = await modelToGoOn(runtime, asked);
    const change: Rec[] = [
      ...(model === undefined ? [] : [{ type: 'change', at, reason: 'model', model } as const]),
      ...(tags === undefined ? [] : [{ type: 'change', at, reason: 'import', tags } as const]),
    ];
    return {
      ...(id !== undefined && { id }),
      records: [...kept, ...change],
      files,
      ...(notice !== undefined && { notice }),
    };
  }
  const { model, notice } = await modelToGoOn(runtime, asked, named);
  if (model === undefined) {
    throw new RepriseError('INVALID_INPUT', 'These messages don’t name the model to go on with.', {
      hint: 'Name it: import(data, { model: "anthropic/claude-sonnet-4-5" }), or --model on the command line.',
    });
  }
  const first: Rec = {
    type: 'session',
    format: FORMAT,
    at: messages[0]?.timestamp ?? at,
    model,
    system: [],
    tools: [],
    named: true,
    settings: {},
    ...(title !== undefined && { title }),
    ...(cwd !== undefined && { cwd }),
    ...(tags !== undefined && { tags }),
  };
  return {
    ...(id !== undefined && { id }),
    files,
    records: [first, ...withOwnIds(messages).flatMap((message) => recordsOf(message, runtime))],
    ...(notice !== undefined && { notice }),
  };
}

/** What holds only where it was made (a shortcut, and that somebody allowed a call to run), and what nobody here understands. */
function leftOut(record: Rec): string | undefined {
  if (!isKnown(record.type)) return `A record of the type ${(record as Rec).type}`;
  if (record.type === 'checkpoint') return 'A checkpoint';
  const allows = record.type === 'answer' && (record.verdict === 'once' || record.verdict === 'always');
  return allows && record.text === undefined ? `The permission of ${record.ask}` : undefined;
}

/**
 * The name as it was given, and what it stands for. One in the data that stands for nothing here is kept as it is, because what was said can be
 * read without it; the first message then says MODEL_NOT_FOUND.
 */
async function modelToGoOn(
  { models }: Runtime,
  asked: string | undefined,
  named?: string,
): Promise<{ readonly model?: ModelName; readonly notice?: string }> {
  const requested = asked ?? named;
  if (requested === undefined) return {};
  try {
    const { name, notice } = await models.resolve(requested);
    return { model: { requested, name }, ...(notice !== undefined && { notice }) };
  } catch (error) {
    if (asked !== undefined) throw error;
    return { model: { requested, name: requested } };
  }
}

/** What was a sub-session elsewhere belongs to nobody here. */
function owned(record: Rec): Rec {
  if (record.type !== 'session' || record.parent === undefined) return record;
  const { id, seq } = record.parent;
  return { ...record, parent: { id, seq } };
}

/** The files before the records that name them. */
export async function storeImport(
  live: LiveSession,
  { records, files }: Omit<Imported, 'id'>,
  madeBy: string | undefined,
): Promise<void> {
  const marked = madeBy === undefined ? records : records.map((record) => markedWith(record, madeBy));
  await live.append(await importFiles(marked, files, live.blobs));
}

/** Also where it was copied: the last record that says who made it is the one that counts. */
function markedWith(record: Rec, madeBy: string): Rec {
  return record.type === 'session' || record.type === 'fork' ? { ...record, madeBy } : record;
}

/** An id names one message: a second one that bears it gets another. */
function withOwnIds(messages: readonly ImportedMessage[]): ImportedMessage[] {
  const taken = new Set<string>();
  return messages.map((message) => {
    if (message.id === undefined || !taken.has(message.id)) {
      if (message.id !== undefined) taken.add(message.id);
      return message;
    }
    const { id: _id, ...rest } = message;
    return rest;
  });
}

function noSession(why: string, cause?: unknown): RepriseError {
  return new RepriseError('INVALID_INPUT', `This is no session to import.\n${why}`, {
    cause,
    hint: 'Give what an export gave, or an array of messages with role, content and timestamp.',
  });
}

/** Data that is nested deeper than the stack goes throws instead of failing. */
function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw noSession('It could not be read: it may be nested too deep.', error);
  }
}

/** A message of the spec as records. Results that belong to none of its calls have nowhere to go and are left out. */
function recordsOf(message: ImportedMessage, runtime: Runtime): Rec[] {
  const { role, content, timestamp } = message;
  const id = message.id ?? runtime.ids('message');
  if (role !== 'assistant') return [{ type: 'message', id, role, content, timestamp }];
  const toolCalls = message.toolCalls ?? [];
  const turn = runtime.ids('turn');
  const results = (message.toolResults ?? []).flatMap((given): Rec[] => {
    const call = toolCalls.find((candidate) => candidate.id === given.id);
    if (call === undefined) return [];
    const error = given.error === undefined ? {} : { error: given.error };
    return [
      { type: 'result', at: timestamp, turn, call: call.id, tool: call.tool, result: given.result ?? null, ...error },
    ];
  });
  return [
    {
      type: 'step',
      id,
      role,
      content,
      timestamp,
      turn,
      ...(toolCalls.length > 0 && { toolCalls }),
      finishReason: message.finishReason ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
    },
    ...results,
  ];
}

/** What `make` makes under `id`, or under another one where a session has that. */
export async function orUnderAnother<T>(
  make: (id: string) => Promise<T>,
  id: string,
  another: () => string,
): Promise<T> {
  try {
    return await make(id);
  } catch (error) {
    if (!isCoded(error) || error.code !== 'SESSION_EXISTS') throw error;
    return make(another());
  }
}
