import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Access } from '../contracts/tool.ts';
import { collide, runScheduled } from './schedule.ts';

const access = (...locks: string[]): Access => ({ effect: 'write', locks });

test('calls meet by name, `*` meets every other, no lock meets only `*`; an unknown effect is `*`', () => {
  expect(collide(access('a'), access('b', 'a'))).toBe(true);
  expect(collide(access('a'), access('b'))).toBe(false);
  expect(collide(access('*'), access())).toBe(true);
  expect(collide(access(), access())).toBe(false);
  expect(collide({ effect: 'unknown' }, { effect: 'read' })).toBe(true);
  expect(collide({ effect: 'unknown', locks: [] }, { effect: 'read' })).toBe(false);
});

const jobs = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', '*'), { maxLength: 2 }), { maxLength: 8 });

test('no two calls that meet ever run at once, those that meet run in call order, and every call runs', async () => {
  await fc.assert(
    fc.asyncProperty(jobs, fc.array(fc.nat(4), { minLength: 8, maxLength: 8 }), async (locks, times) => {
      const running = new Set<number>();
      const begun: number[] = [];
      const list = locks.map((names, at) => ({ at, access: access(...names) }));
      await runScheduled(list, async (job) => {
        for (const other of running) expect(collide(job.access, list[other]?.access ?? access())).toBe(false);
        running.add(job.at);
        begun.push(job.at);
        for (let i = 0; i < (times[job.at] ?? 0); i += 1) await Promise.resolve();
        running.delete(job.at);
      });
      expect([...begun].sort()).toEqual(list.map(({ at }) => at));
      for (const a of list)
        for (const b of list)
          if (a.at < b.at && collide(a.access, b.access)) expect(begun.indexOf(a.at)).toBeLessThan(begun.indexOf(b.at));
    }),
    { seed: 1 },
  );
});

test('it rejects with the first failure, once every call has ended', async () => {
  let ended = 0;
  const work = runScheduled([{ access: access() }, { access: access() }], async () => {
    await Promise.resolve();
    ended += 1;
    throw new Error(`failure ${ended}`);
  });
  await expect(work).rejects.toThrow('failure 1');
  expect(ended).toBe(2);
});
