import fc from 'fast-check';
import type { AttachmentInput, PruneStrategy } from '@reprise/core';
import { samplePdf, samplePng } from '@reprise/fake-provider';
import { MODELS } from '../support.ts';
import type { Reply, Says } from './wire.ts';

/** One thing that happens to a session. Places are shares of what is there, so that any of them fits any history. */
export type Event =
  | {
      readonly do: 'message';
      readonly text: string;
      readonly replies: readonly Reply[];
      readonly files?: readonly FileName[];
      /** A value is asked for. */
      readonly valued?: boolean;
    }
  | { readonly do: 'edit'; readonly at: number; readonly content: string }
  | { readonly do: 'mark'; readonly at: number }
  | { readonly do: 'delete'; readonly at: number }
  | { readonly do: 'prune'; readonly keepLast?: number }
  | { readonly do: 'clear'; readonly keepLast: number }
  | { readonly do: 'rewind'; readonly at: number }
  | { readonly do: 'undo' | 'redo' }
  | { readonly do: 'fork'; readonly at?: number }
  /** The process is gone, and of the log only a share of its end is left, as after a crash at any record. */
  | { readonly do: 'crash'; readonly lost: number }
  | { readonly do: 'model'; readonly model: string; readonly tools: boolean }
  /** The bytes of some attachments are gone, or are others. */
  | { readonly do: 'spoil'; readonly how: 'gone' | 'other' }
  /** So small that old messages leave, or as large as can be. */
  | { readonly do: 'window'; readonly tokens: number; readonly strategy: PruneStrategy }
  | { readonly do: 'export' }
  | { readonly do: 'import'; readonly messages: readonly object[] };

export const LARGE = 200_000;

const GIF = new TextEncoder().encode('GIF89a\u0001\u0000\u0001\u0000');
/** Files that providers take, take in part, or would choke on. */
export const FILES = {
  picture: { data: samplePng(), name: 'a.png' },
  other: { data: samplePng(2500, 9) },
  mistyped: { data: samplePng(7), mediaType: 'image/jpeg' },
  gif: { data: GIF },
  paper: { data: samplePdf(2), name: 'Grüße "1".pdf' },
  text: { text: 'let x = 1;', name: 'x.ts' },
  blank: { text: ' ', name: '\ud800' },
  heavy: { data: samplePng(9, 9, 4_000_000) },
  wide: { data: samplePng(9000) },
  broken: { data: new Uint8Array([1, 0, 2]), mediaType: 'image/png' },
} as const satisfies Record<string, AttachmentInput>;
export type FileName = keyof typeof FILES;
const file = fc.constantFrom(...(Object.keys(FILES) as FileName[]));
const text = fc.oneof(
  fc.constantFrom('', ' ', '\n\t', 'Hello', '\ud800 half', '😀', '\u0000', 'x'.repeat(300), '{"a":1}'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const id = fc.constantFrom('call_1', 'call_2', '', 'a b', 'ünï', 'x'.repeat(80), 'toolu_1');
const tool = fc.constantFrom(
  'look',
  'look',
  'show',
  'fail',
  'blank',
  'odd',
  'LOOK',
  'functions.look',
  '',
  'no such',
  '9lives',
  'y'.repeat(100),
);
const json = fc.constantFrom(
  '{}',
  '{"at":"x"}',
  '{"at":',
  '[]',
  '"text"',
  '',
  '{"at":"\\ud800"}',
  '{"constructor":{"a":1}}',
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const says: fc.Arbitrary<Says> = fc
  .record({
    thinking: optional(text),
    text: optional(text),
    calls: fc.array(fc.record({ id, name: tool, json }), { maxLength: 3 }),
    served: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('whole' as const, 'alone' as const) },
    ),
    cut: rarely(),
    pause: rarely(),
    backwards: rarely(),
  })
  .map(({ thinking, text: said, served, ...rest }) => ({
    ...rest,
    ...(thinking !== undefined && { thinking }),
    ...(said !== undefined && { text: said }),
    ...(served !== undefined && { served }),
  }));
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('says' as const), says }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('breaks' as const), says, after: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stalls' as const), says, after: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuses' as const }) },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });
const foreign = fc.record(
  {
    id: fc.constantFrom('m1', 'm2', 'm3'),
    role: fc.constantFrom('user', 'assistant', 'system'),
    content: text,
    timestamp: fc.constant('2026-01-01T00:00:00.000Z'),
    toolCalls: fc.array(fc.record({ id, tool, params: fc.constantFrom({}, { at: 'x' }, { at: '\ud800' }) }), {
      maxLength: 3,
    }),
    toolResults: fc.array(fc.record({ id, result: fc.constantFrom('ok', '', null, { a: 1 }) }), { maxLength: 3 }),
  },
  { requiredKeys: ['role', 'content', 'timestamp'] },
);
/** One of each dialect, and two whose rules are stricter: every call signed, every prefix unchanged. */
export const NAMES = [...Object.values(MODELS), 'google/gemini-4-argon', 'anthropic/claude-sonnet-5-5'];
const model = fc.constantFrom(...NAMES);

const of = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape);
/** Anything that may happen, talk most of all. */
export const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        do: fc.constant('message' as const),
        text,
        replies: fc.array(reply, { maxLength: 4 }),
        files: fc.array(file, { maxLength: 3 }),
        valued: rarely(),
      },
      { requiredKeys: ['do', 'text', 'replies'] },
    ),
  },
  { weight: 1, arbitrary: of({ do: fc.constant('edit' as const), at: share, content: text }) },
  { weight: 1, arbitrary: of({ do: fc.constant('mark' as const), at: share }) },
  { weight: 2, arbitrary: of({ do: fc.constant('delete' as const), at: share }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('prune' as const), keepLast: fc.nat(4) }, { requiredKeys: ['do'] }),
  },
  { weight: 1, arbitrary: of({ do: fc.constant('clear' as const), keepLast: fc.nat(4) }) },
  { weight: 1, arbitrary: of({ do: fc.constant('rewind' as const), at: share }) },
  { weight: 2, arbitrary: of({ do: fc.constantFrom('undo' as const, 'undo' as const, 'redo' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), at: share }, { requiredKeys: ['do'] }) },
  { weight: 2, arbitrary: of({ do: fc.constant('crash' as const), lost: share }) },
  { weight: 2, arbitrary: of({ do: fc.constant('model' as const), model, tools: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: of({ do: fc.constant('spoil' as const), how: fc.constantFrom('gone' as const, 'other' as const) }),
  },
  {
    weight: 1,
    arbitrary: of({
      do: fc.constant('window' as const),
      tokens: fc.constantFrom(600, 1500, LARGE),
      strategy: fc.constantFrom<PruneStrategy>('sliding-window', 'summarize', 'summarize', 'none'),
    }),
  },
  { weight: 1, arbitrary: of({ do: fc.constant('export' as const) }) },
  { weight: 1, arbitrary: of({ do: fc.constant('import' as const), messages: fc.array(foreign, { maxLength: 6 }) }) },
);

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(5).map((n) => n === 0);
}
