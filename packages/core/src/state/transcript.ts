import type { Attachment, Message, ToolResult } from '../contracts/turn.ts';
import type { MessageRecord, Rec, ResultRecord, StepRecord, StoredFile } from '../records/types.ts';
import { edited } from './reduce.ts';

/** The spec's messages in a log, as people see them: edits and deletions applied, results on the message that called. */
export class Transcript {
  readonly #records = new Map<string, MessageRecord | StepRecord>();
  /** By message, then by call: ids of calls may repeat over a long history. */
  readonly #results = new Map<string, Map<string, ResultRecord>>();
  /** Which message waits for the result of a call. */
  readonly #waiting = new Map<string, string>();
  readonly #last = new Map<string, number>();
  readonly #seqs = new Map<string, number>();

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
      case 'edit': {
        const target = this.#records.get(record.message);
        if (target !== undefined) this.#records.set(record.message, edited(target, record));
        return;
      }
      case 'delete':
        this.#records.delete(record.message);
        return;
      default:
        return;
    }
  }

  /** `from`: only messages whose record is at or after this seq. */
  messages(from = 1): Message[] {
    const messages: Message[] = [];
    for (const [id, record] of this.#records) {
      if ((this.#seqs.get(id) ?? 0) < from) continue;
      messages.push(this.#message(record));
    }
    return messages;
  }

  message(id: string): Message | undefined {
    const record = this.#records.get(id);
    return record === undefined ? undefined : this.#message(record);
  }

  /** A message's own record. */
  seqOf(id: string): number | undefined {
    return this.#records.has(id) ? this.#seqs.get(id) : undefined;
  }

  /** The last record that belongs to a message: its own, or the last of its results. */
  lastSeqOf(id: string): number | undefined {
    return this.#records.has(id) ? this.#last.get(id) : undefined;
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
