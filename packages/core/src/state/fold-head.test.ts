import { expect, test } from 'vitest';
import type { Rec } from '../records/types.ts';
import { foldHead } from './fold-head.ts';

const at = '2026-01-01T00:00:00.000Z';
const model = { requested: 'm', name: 'p/m' };
const log: Rec[] = [
  { type: 'session', format: 1, at, model, system: [], tools: ['read'], named: true, settings: {}, cwd: '/w' },
  { type: 'message', id: 'u1', role: 'user', content: 'first words', timestamp: '2026-01-02T00:00:00.000Z' },
  { type: 'change', at, reason: 'model', model: { requested: 'n', name: 'p/n' } },
];
const stored = log.map((record, i) => ({ seq: i + 1, json: JSON.stringify(record) }));

test('a head is what the records say, changes included', () => {
  expect(foldHead('s', stored)).toMatchObject({
    id: 's',
    model: 'p/n',
    createdAt: at,
    lastMessage: '2026-01-02T00:00:00.000Z',
    messageCount: 1,
    tools: ['read'],
    status: 'idle',
    seq: 3,
    title: 'first words',
    cwd: '/w',
  });
});

test('records that can’t be read are passed over; without a first one there is no head', () => {
  expect(foldHead('s', [...stored, { seq: 4, json: 'no json' }])).toMatchObject({ seq: 4, messageCount: 1 });
  expect(foldHead('s', stored.slice(1))).toBeUndefined();
});
