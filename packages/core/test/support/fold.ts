import { expect } from 'vitest';
import { compile } from '../../src/context/compile.ts';
import type { Capabilities } from '../../src/contracts/model.ts';
import { limitsOf } from '../../src/files/limits.ts';
import { decode, encode } from '../../src/records/codec.ts';
import type { Rec } from '../../src/records/types.ts';
import { assertHead } from '../../src/storage/checks.ts';
import { unansweredAsks } from '../../src/state/asks.ts';
import { headOf } from '../../src/state/head.ts';
import { reduce } from '../../src/state/reduce.ts';
import { foldLog } from '../../src/state/refold.ts';
import type { State } from '../../src/state/state.ts';
import { problemsOf } from './prompt-rules.ts';
import { infoOf } from './stage.ts';

export function fold(records: readonly Rec[], from?: State): State {
  if (from === undefined) {
    return foldLog(
      records.map((record, at) => {
        const json = encode(record);
        return { seq: at + 1, record: decode({ seq: at + 1, json }), characters: json.length };
      }),
    );
  }
  return records.reduce((state, record) => {
    const json = encode(record);
    const seq = state.seq + 1;
    return reduce(state, seq, decode({ seq, json }), json.length);
  }, from);
}

/** A state as plain data, to be compared. */
export function plain(state: State): unknown {
  return JSON.parse(JSON.stringify({ ...state, entries: state.entries.toArray() }));
}

const TOOL = { type: 'function' as const, name: 'look', inputSchema: { type: 'object' as const } };

/** Of the files of random logs. */
export const HASHES = ['a', 'b', 'c'].map((digit) => digit.repeat(64));
/** What is sent of each, as bytes and as text, so that it is found again. */
const LOADED = new Map(HASHES.flatMap((sha256) => ['bytes', 'text'].map((how) => [`${how}:${sha256}`, `<${sha256}>`])));

/** Law 4 for one state: what is sent is valid for each provider's rules, with tools and without, to models that see files and such as don't. */
export function expectCompilable(state: State, provider = 'test'): void {
  const rules: Capabilities['rules'][] = ['anthropic', 'google', 'strictest', 'openai-responses'];
  const paused =
    (state.entries.at(-1)?.record as { rawFinishReason?: string } | undefined)?.rawFinishReason === 'pause_turn';
  for (const rule of rules) {
    for (const tools of [[], [TOOL]]) {
      for (const input of [[], ['image', 'pdf']] as const) {
        const info = infoOf({}, { rules: rule, input });
        const request = compile(state, { info, provider, tools, files: LOADED });
        expect(problemsOf(request, { own: provider, paused })).toEqual([]);
        expectFilesIn(request, state, info.capabilities);
      }
    }
  }
}

/** Only files that the model takes, within its limits; what is lost is told in words. */
function expectFilesIn({ prompt }: ReturnType<typeof compile>, state: State, capabilities: Capabilities): void {
  const parts = prompt.flatMap(({ content }) => (typeof content === 'string' ? [] : [...content]));
  const results = parts.flatMap((part) =>
    'output' in part && part.output.type === 'content' ? part.output.value : [],
  );
  const files = [...parts, ...results].filter((part) => part.type === 'file');
  const { count, images } = limitsOf(capabilities);
  expect(files.length).toBeLessThanOrEqual(count);
  for (const { mediaType } of files)
    expect(capabilities.input).toContain(mediaType === 'application/pdf' ? 'pdf' : 'image');
  for (const { mediaType } of files) if (mediaType.startsWith('image/')) expect(images).toContain(mediaType);
  const sent = JSON.stringify(prompt);
  for (const sha256 of state.lost ?? []) expect(sent).not.toContain(`<${sha256}>`);
}

/** What is true of every state, whatever the log. */
export function expectValid(state: State): void {
  expect(state.stale).toBeUndefined();
  const seqs = state.entries.toArray().map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  expect(seqs.every((seq) => seq > 0 && seq <= state.seq)).toBe(true);
  expect(state.tokens).toBe(state.entries.toArray().reduce((sum, { tokens }) => sum + tokens, 0));
  expect(Number.isSafeInteger(state.messageCount) && state.messageCount >= 0).toBe(true);
  expect(state.checkpoint).toBeLessThanOrEqual(state.seq);
  expectOneResult(state);
  if (state.open !== undefined) {
    expect(state.open.seq).toBeLessThanOrEqual(state.seq);
    expect(state.open.asking === true).toBe(unansweredAsks(state.open).length > 0);
    expect(new Set(state.open.pending.map(({ id }) => id)).size).toBe(state.open.pending.length);
  }
  if (state.seq > 0) assertHead(headOf('s', state), 's', state.seq);
  expectCompilable(state);
}

/** Law 3 in the window: a call has one result at most, whatever a log says. Ids of calls may come again with a later step. */
function expectOneResult(state: State): void {
  const steps = new Map<string, number>();
  const seen = new Set<string>();
  for (const { seq, record } of state.entries) {
    if (record.type === 'step') for (const { id } of record.toolCalls ?? []) steps.set(id, seq);
    if (record.type !== 'result' || !steps.has(record.call)) continue;
    const key = `${steps.get(record.call)} ${record.call}`;
    expect(seen).not.toContain(key);
    seen.add(key);
  }
}

/**
 * The messages that a log holds, folded by hand: the oracle for `getMessages`. What is taken back is found the slow way: whether a record counts is
 * asked of every later one.
 */
export function transcriptOf(records: readonly Rec[], from = 1): { role: string; content: string; results: number }[] {
  const messages: { id: string; role: string; content: string; results: number; seq: number; calls: string[] }[] = [];
  records.forEach((record, at) => {
    const counts = isInForce(records, at);
    if (record.type === 'message') messages.push({ ...record, results: 0, seq: at + 1, calls: [] });
    else if (record.type === 'step')
      messages.push({ ...record, results: 0, seq: at + 1, calls: (record.toolCalls ?? []).map(({ id }) => id) });
    else if (record.type === 'result') {
      const owner = messages.findLast(({ calls }) => calls.includes(record.call));
      if (owner !== undefined) owner.results += 1;
    } else if (counts && record.type === 'edit' && record.content !== undefined) {
      const target = messages.find(({ id }) => id === record.message);
      if (target !== undefined) target.content = record.content;
    } else if (counts && record.type === 'delete') {
      const place = messages.findIndex(({ id }) => id === record.message);
      if (place >= 0) messages.splice(place, 1);
    }
  });
  return messages
    .filter(({ seq }) => seq >= from && isInForce(records, seq - 1))
    .map(({ role, content, results }) => ({ role, content, results }));
}

/** Whether no later record that counts itself takes the record at this place back. */
function isInForce(records: readonly Rec[], place: number): boolean {
  const target = records[place];
  const said = target?.type === 'message' || target?.type === 'step' || target?.type === 'boundary';
  return !records.some((record, at) => {
    if (at <= place || (record.type !== 'rewind' && record.type !== 'undo')) return false;
    if (!isInForce(records, at)) return false;
    if (record.type === 'rewind') return said && record.from <= place + 1;
    const exchange = record.what === 'exchange' && record.redo !== true;
    return exchange ? said && record.of <= place + 1 : record.of === place + 1;
  });
}

/** Laws 2 and 3 on a log at rest: one result a call, after it; one end a turn. */
export function expectLawful(records: readonly Rec[]): void {
  const waiting: string[] = [];
  let turn: string | undefined;
  for (const record of records) {
    if (record.type === 'message' && record.turn !== undefined) {
      expect(turn).toBeUndefined();
      turn = record.turn;
    } else if (record.type === 'step') {
      expect(waiting).toEqual([]);
      waiting.push(...(record.toolCalls ?? []).map(({ id }) => id));
    } else if (record.type === 'result') {
      expect(waiting).toContain(record.call);
      waiting.splice(waiting.indexOf(record.call), 1);
    } else if (record.type === 'turn-end') {
      expect(waiting).toEqual([]);
      expect(record.turn).toBe(turn);
      turn = undefined;
    }
  }
  expect(waiting).toEqual([]);
  expect(turn).toBeUndefined();
}
