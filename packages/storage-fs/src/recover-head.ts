import { fstatSync } from 'node:fs';
import type { SessionHead } from '@reprise/core';
import type { Metadata } from './head-file.ts';
import { Order, type Found } from './order.ts';
import { Forward } from './scan.ts';
import { tailOf } from './tail.ts';

/** The fields of a record that a head can be derived from. All are optional: nothing here may fail. */
interface Facts {
  readonly role?: unknown;
  readonly model?: unknown;
  readonly tools?: unknown;
  readonly timestamp?: unknown;
  readonly at?: unknown;
  readonly title?: unknown;
  readonly cwd?: unknown;
  readonly usage?: { readonly input?: unknown; readonly output?: unknown; readonly total?: unknown };
}

/**
 * A head for a session whose `state.json` is lost: from `metadata.json`, else record 1, with the messages and their tokens
 * counted. Reads the whole log, and writes nothing.
 */
export function recoverHead(id: string, metadata: Metadata | undefined, fd: number): SessionHead {
  const tail = tailOf(fd, fstatSync(fd).size);
  return derive(id, metadata, tail.tip, factsOf(fd, tail.readEnd));
}

/** The same for records that are at hand. */
export function deriveHead(id: string, metadata: Metadata | undefined, records: readonly string[]): SessionHead {
  return derive(
    id,
    metadata,
    records.length,
    records.map((json) => JSON.parse(json) as Facts),
  );
}

function derive(id: string, metadata: Metadata | undefined, seq: number, records: Iterable<Facts>): SessionHead {
  let start: Facts | undefined;
  let lastMessage: string | undefined;
  let messageCount = 0;
  const tokenUsage = { input: 0, output: 0, total: 0 };
  for (const facts of records) {
    start ??= facts;
    if (facts.role !== 'user' && facts.role !== 'assistant') continue;
    messageCount += 1;
    lastMessage = text(facts.timestamp) ?? lastMessage;
    tokenUsage.input += count(facts.usage?.input);
    tokenUsage.output += count(facts.usage?.output);
    tokenUsage.total += count(facts.usage?.total);
  }
  const createdAt = metadata?.createdAt ?? text(start?.at) ?? text(start?.timestamp) ?? new Date(0).toISOString();
  const title = metadata?.title ?? text(start?.title);
  const cwd = metadata?.cwd ?? text(start?.cwd);
  return {
    id,
    model: metadata?.model ?? modelName(start?.model) ?? 'unknown',
    createdAt,
    lastMessage: lastMessage ?? createdAt,
    messageCount,
    tokenUsage,
    tools: Array.isArray(start?.tools) ? start.tools.filter((tool) => typeof tool === 'string') : [],
    status: 'idle',
    seq,
    checkpoint: 0,
    ...(title === undefined ? {} : { title }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(metadata?.tags === undefined ? {} : { tags: metadata.tags }),
    ...(metadata?.parent === undefined ? {} : { parent: metadata.parent }),
  };
}

/** `state` brought to the log's tip, which a crash may have left behind or a repair before it. */
export function atTip(state: SessionHead, tip: number): SessionHead {
  if (state.seq === tip) return state;
  return { ...state, seq: tip, checkpoint: state.checkpoint > tip ? 0 : state.checkpoint };
}

function* factsOf(fd: number, end: number): Generator<Facts> {
  const lines = new Forward(fd, 0, end);
  const order = new Order(1, 0, true);
  const found: Found[] = [];
  for (let more = true; more;) {
    more = lines.next();
    if (more) order.take(lines, found);
    else order.finish(found);
    for (const record of found) yield JSON.parse(record.json) as Facts;
    found.length = 0;
  }
}

/** Record 1 names the model as asked for and as resolved. */
function modelName(value: unknown): string | undefined {
  return text(value) ?? text((value as { name?: unknown } | undefined)?.name);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
