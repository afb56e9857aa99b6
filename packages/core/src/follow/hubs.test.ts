import { expect, test } from 'vitest';
import type { Clock } from '../contracts/clock.ts';
import { memoryStorage } from '../storage/memory.ts';
import { systemClock } from '../session/clock.ts';
import { Hubs } from './hubs.ts';
import { Place } from './place.ts';
import { NOTHING } from './span.ts';

const ORIGIN = { seq: 0, attempt: 1, offset: 0 };

function warning(seq: number, size = 10) {
  return { seq, size, record: { type: 'warning', at: '', message: `${seq}` } as const };
}

test('a hub is there while a turn runs or somebody follows, and then no more', () => {
  const hubs = new Hubs();
  const turn = hubs.enter('s', 4);
  const follower = hubs.join('s');
  expect(follower.hub).toBe(turn.hub);
  turn.leave();
  expect(hubs.find('s')).toBe(follower.hub);
  follower.watch({ storage: memoryStorage(), clock: systemClock, readLog: async function* () {}, isHeld: () => false });
  follower.leave();
  expect(hubs.find('s')).toBeUndefined();
});

test('a step that nobody follows is not kept twice; its first reader gets what was shown', () => {
  const { hub } = new Hubs().enter('s', 1);
  const shown: string[] = [];
  const span = hub.begin(1, 1, () => shown.map((content) => ({ kind: 'text', content })));
  for (const word of ['a', 'b']) {
    shown.push(word);
    expect(span.add('text', word)).toBe(false);
  }
  const reader = span.read(NOTHING);
  expect(reader.take()).toEqual({ kind: 'text', content: 'ab' });
  expect(span.add('text', 'c')).toBe(true);
  expect([reader.take(), reader.take()]).toEqual([{ kind: 'text', content: 'c' }, undefined]);
});

test('of the newest records so many are kept for followers, and none where nobody follows and no turn runs', () => {
  const { hub } = new Hubs().join('s');
  hub.stored(warning(1));
  expect(hub.recentAfter(0)).toBeUndefined();
  const turn = new Hubs().enter('s', 0).hub;
  turn.stored(warning(1));
  expect(turn.recentAfter(0)).toHaveLength(1);
  hub.places.add(new Place(ORIGIN));
  for (let seq = 2; seq <= 400; seq += 1) hub.stored(warning(seq));
  expect(hub.recentAfter(400)).toEqual([]);
  expect(hub.recentAfter(144)).toHaveLength(256);
  expect(hub.recentAfter(143)).toBeUndefined();
  hub.stored(warning(401, 1 << 21));
  expect(hub.recentAfter(399)).toBeUndefined();
  hub.noticed(500);
  expect(hub.recentAfter(499)).toBeUndefined();
  hub.stored(warning(501));
  expect(hub.recentAfter(500)).toHaveLength(1);
});

test('of what is live only, the newest hundred are kept, and only for those who follow', () => {
  const { hub } = new Hubs().enter('s', 1);
  const progress = (n: number) => hub.aside({ type: 'tool_progress', at: ORIGIN, id: 'a', text: `${n}` });
  progress(0);
  expect(hub.asidesSeen).toBe(0);
  hub.places.add(new Place(ORIGIN));
  for (let n = 0; n < 150; n += 1) progress(n);
  expect(hub.asideFrom(0)).toMatchObject({ number: 50, event: { text: '50' } });
  expect(hub.asideFrom(149)).toMatchObject({ number: 149, event: { text: '149' } });
  expect(hub.asideFrom(150)).toBeUndefined();
});

test('who still follows after a turn keeps the process, and who leaves lets it go', () => {
  let kept = 0;
  const clock: Clock = {
    now: () => 0,
    timer: (_ms, _fire, options) => {
      if (options?.unref) return () => undefined;
      kept += 1;
      return () => (kept -= 1);
    },
  };
  const hubs = new Hubs();
  const turn = hubs.enter('s', 0);
  const { watch, leave } = hubs.join('s');
  watch({ storage: memoryStorage(), clock, readLog: async function* () {}, isHeld: () => false });
  turn.leave();
  expect(kept).toBe(1);
  leave();
  expect(kept).toBe(0);
});
