import type { Attachment, Message, ToolResult } from '../contracts/turn.ts';
import type {
  BoundaryRecord,
  DeleteRecord,
  EditRecord,
  MessageRecord,
  Rec,
  ResultRecord,
  StepRecord,
  StoredFile,
  TakeBack,
} from '../records/types.ts';
import { edited } from './reduce.ts';
import type { Numbered } from './taken-back.ts';
import { TakenBack } from './taken-back.ts';

/** The spec's messages in a log, as people see them: edits and deletions applied, results on the message that called. */
export class Transcript {
  readonly #records = new Map<string, MessageRecord | StepRecord>();
  /** By message, then by call: ids of calls may repeat over a long history. */
  readonly #results = new Map<string, Map<string, ResultRecord>>();
  /** Which message waits for the result of a call. */
  readonly #waiting = new Map<string, string>();
  readonly #last = new Map<string, number>();
  readonly #seqs = new Map<string, number>();
  /** What was done to a message. */
  readonly #changes = new Map<string, Numbered<EditRecord | DeleteRecord>[]>();
  readonly #clears: Numbered<BoundaryRecord>[] = [];
  readonly #takeBacks: Numbered<TakeBack>[] = [];
  #taken: TakenBack | undefined;

  add(seq: number, record: Rec | undefined): void {
    switch (record?.type) {
      case 'message':
      case 'step':
        this.#records.set(record.id, record);
        this.#seqs.set(record.id, seq);
        this.#last.set(record.id, seq);
        if (record.type === 'step') {
          this.#results.set(record.id, new Map());
          for (const call of record.toolCalls ?? []) this.#waiting.set(call.id, record.id);
        }
        return;
      case 'result': {
        const message = this.#waiting.get(record.call);
        if (message === undefined) return;
        this.#waiting.delete(record.call);
        this.#results.get(message)?.set(record.call, record);
        this.#last.set(message, seq);
        return;
      }
      case 'edit':
      case 'delete': {
        if (!this.#records.has(record.message)) return;
        const changes = this.#changes.get(record.message);
        if (changes === undefined) this.#changes.set(record.message, [{ seq, record }]);
        else changes.push({ seq, record });
        return;
      }
      case 'boundary':
        if (record.reason === 'clear') this.#clears.push({ seq, record });
        return;
      case 'rewind':
      case 'undo':
        this.#takeBacks.push({ seq, record });
        this.#taken = undefined;
        return;
      default:
        return;
    }
  }

  /** `from`: only messages whose record is at or after this seq. `all`: also those that were taken back. */
  messages(from = 1, all = false): Message[] {
    const messages: Message[] = [];
    for (const id of this.#records.keys()) {
      if ((this.#seqs.get(id) ?? 0) < from) continue;
      const message = this.message(id);
      if (message !== undefined && (all || message.takenBack === undefined)) messages.push(message);
    }
    return messages;
  }

  /** What people see: what follows the last clear that counts. */
  current(): Message[] {
    return this.messages(this.#clears.findLast(({ seq, record }) => !this.#whatIsTaken.has(seq, record))?.record.from);
  }

  /** Whether its record is here, deleted or not. */
  has(id: string): boolean {
    return this.#records.has(id);
  }

  message(id: string): Message | undefined {
    const record = this.#now(id);
    if (record === undefined) return undefined;
    const taken = this.#whatIsTaken.covers(this.#seqs.get(id) ?? 0) ? { takenBack: true as const } : {};
    return { ...this.#message(record), ...taken };
  }

  /** A message's own record. */
  seqOf(id: string): number | undefined {
    return this.#now(id) === undefined ? undefined : this.#seqs.get(id);
  }

  /** The last record that belongs to a message: its own, or the last of its results. */
  lastSeqOf(id: string): number | undefined {
    return this.#now(id) === undefined ? undefined : this.#last.get(id);
  }

  get #whatIsTaken(): TakenBack {
    return (this.#taken ??= TakenBack.by(this.#takeBacks));
  }

  /** With what was done to it; `undefined` where it was deleted. */
  #now(id: string): MessageRecord | StepRecord | undefined {
    let now = this.#records.get(id);
    for (const { seq, record } of this.#changes.get(id) ?? []) {
      if (now === undefined || this.#whatIsTaken.has(seq, record)) continue;
      now = record.type === 'edit' ? edited(now, record) : undefined;
    }
    return now;
  }

  #message(record: MessageRecord | StepRecord): Message {
    if (record.type === 'message') return userMessage(record);
    return stepMessage(record, (call) => this.#results.get(record.id)?.get(call));
  }
}

export function userMessage(record: MessageRecord): Message {
  return {
    id: record.id,
    role: record.role,
    content: record.content,
    timestamp: record.timestamp,
    ...(record.important !== undefined && { important: record.important }),
    ...shownFiles(record.attachments),
  };
}

/** What people are told of files. */
function shownFiles(files: readonly StoredFile[] | undefined): { readonly attachments?: Attachment[] } {
  if (files === undefined) return {};
  return {
    attachments: files.map(({ sha256, mediaType, size, name }) => ({
      sha256,
      mediaType,
      size,
      ...(name !== undefined && { name }),
    })),
  };
}

export function stepMessage(record: StepRecord, resultOf: (call: string) => ResultRecord | undefined): Message {
  const calls = record.toolCalls ?? [];
  const results: ToolResult[] = [];
  for (const call of calls) {
    const result = resultOf(call.id);
    if (result === undefined) continue;
    results.push({
      id: call.id,
      result: result.result,
      ...(result.error !== undefined && { error: result.error }),
      ...shownFiles(result.attachments),
    });
  }
  return {
    id: record.id,
    role: 'assistant',
    content: record.content,
    timestamp: record.timestamp,
    ...(record.usage !== undefined && { tokens: record.usage.output, usage: record.usage }),
    ...(calls.length > 0 && { toolCalls: [...calls] }),
    ...(results.length > 0 && { toolResults: results }),
    finishReason: record.finishReason,
    ...(record.important !== undefined && { important: record.important }),
  };
}
