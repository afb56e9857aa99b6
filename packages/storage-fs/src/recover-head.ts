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
  readonly timestamp?: unknown;
  readonly createdAt?: unknown;
  readonly title?: unknown;
  readonly cwd?: unknown;
  readonly usage?: { readonly input?: unknown; readonly output?: unknown; readonly total?: unknown };
}

/**
 * A head for a session whose `state.json` is lost: from `metadata.json`, else record 1, with the messages and their tokens
 * counted. Reads the whole log, and writes nothing.
 */
export function recoverHead(id: string, metadata: Metadata | undefined, fd: number): SessionHead {
  const size = fstatSync(fd).size;
  const tail = tailOf(fd, size);
  const start: Facts = factsOf(fd, tail.readEnd).next().value ?? {};
  const createdAt = metadata?.createdAt ?? text(start.createdAt) ?? text(start.timestamp) ?? new Date(0).toISOString();
  let messageCount = 0;
  let lastMessage = createdAt;
  const tokenUsage = { input: 0, output: 0, total: 0 };
  for (const facts of factsOf(fd, tail.readEnd)) {
    if (facts.role !== 'user' && facts.role !== 'assistant') continue;
    messageCount += 1;
    lastMessage = text(facts.timestamp) ?? lastMessage;
    tokenUsage.input += count(facts.usage?.input);
    tokenUsage.output += count(facts.usage?.output);
    tokenUsage.total += count(facts.usage?.total);
  }
  const title = metadata?.title ?? text(start.title);
  const cwd = metadata?.cwd ?? text(start.cwd);
  return {
    id,
    model: metadata?.model ?? text(start.model) ?? 'unknown',
    createdAt,
    lastMessage,
    messageCount,
    tokenUsage,
    tools: [],
    status: 'idle',
    seq: tail.tip,
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

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
