import { expect, test } from 'vitest';
import type { ModelInfo } from '../contracts/model.ts';
import type { Rec } from '../records/types.ts';
import { reduce } from '../state/reduce.ts';
import { EMPTY } from '../state/state.ts';
import { compile } from './compile.ts';

const at = '2026-01-01T00:00:00.000Z';

function facts(prefixBoundReasoning: boolean) {
  const info: ModelInfo = {
    contextWindow: 1000,
    maxOutputTokens: 100,
    from: 'user',
    capabilities: {
      rules: 'anthropic',
      temperature: true,
      tools: true,
      parallelTools: true,
      input: [],
      effort: [],
      cache: 'none',
      prefixBoundReasoning,
    },
  };
  return { info, provider: 'anthropic.messages', tools: [] };
}

const model = { requested: 'm', name: 'm' };
const base: Rec[] = [
  { type: 'session', format: 1, at, model, system: [], tools: [], named: true, settings: {} },
  { type: 'message', id: 'u1', role: 'user', content: 'first', timestamp: at, turn: 't1' },
  thought('a1', 't1'),
  end('t1'),
  { type: 'message', id: 'u2', role: 'user', content: 'second', timestamp: at, turn: 't2' },
];

function thought(id: string, turn: string): Rec {
  return {
    type: 'step',
    id,
    role: 'assistant',
    content: 'answer',
    timestamp: at,
    turn,
    parts: [
      { type: 'reasoning', text: 'hm', meta: { anthropic: { signature: `sig-${id}` } } },
      { type: 'text', length: 6 },
    ],
    finishReason: 'stop',
    provider: 'anthropic.messages',
  };
}

function end(turn: string): Rec {
  const usage = { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 };
  return { type: 'turn-end', at, turn, status: 'done', finishReason: 'stop', usage, steps: 1 };
}

function signatures(records: readonly Rec[], bound: boolean): string[] {
  let state = EMPTY;
  records.forEach((record, i) => (state = reduce(state, i + 1, record, 0)));
  return [...JSON.stringify(compile(state, facts(bound)).prompt).matchAll(/sig-a\d/g)].map(([text]) => text);
}

const breaks: Record<string, Rec> = {
  edit: { type: 'edit', at, message: 'u1', content: 'other words' },
  delete: { type: 'delete', at, message: 'u1', role: 'user' },
  'other system prompt': { type: 'change', at, reason: 'system', system: [{ id: 's', text: 'Be brief.' }] },
  'other tools': { type: 'change', at, reason: 'tools', tools: ['read'] },
  prune: { type: 'boundary', at, reason: 'prune', from: 3, keep: [] },
};

test('reasoning goes back while what came before it stands', () => {
  expect(signatures(base, true)).toEqual(['sig-a1']);
});

test.each(Object.entries(breaks))(
  '%s voids the reasoning before it, where the model binds it to its prefix',
  (_, record) => {
    const later = [...base, record, thought('a2', 't2'), end('t2')];
    expect(signatures(later, true)).toEqual(['sig-a2']);
    expect(signatures(later, false)).toEqual(['sig-a1', 'sig-a2']);
  },
);

test('a mark or another temperature changes no request, and voids nothing', () => {
  const mark: Rec = { type: 'edit', at, message: 'u1', important: true };
  const settings: Rec = { type: 'change', at, reason: 'settings', settings: { temperature: 0 } };
  expect(signatures([...base, mark, settings], true)).toEqual(['sig-a1']);
});
