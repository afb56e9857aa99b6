import assert from 'node:assert/strict';
import { all, rejects, text, texts, type Rule } from '../stage.ts';

/** Texts that a store which parses and prints again, or trims, or splits, would change. */
const ODD_TEXTS = [
  '{}',
  '{ }',
  '{"b":1,"a":2,"1":3,"0":4}',
  '{"a":1,"a":2}',
  '{"a" : 1 ,\t"b":[ ]}',
  '{"nul":"\\u0000","half":"\\ud800","other":"\\udfff","slash":"\\/"}',
  '{"é":"\u2028\u2029\u0085\u00a0\ufeff","cjk":"\u6f22\u5b57","emoji":"\ud83d\ude00","rtl":"\u202e"}',
  '{"n":1e400,"m":-0,"big":12345678901234567890.0,"e":1E+2}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toJSON":1,"then":2}',
  '{"text":",\\n]{\\"seq\\":1}","sum":"00000000"}',
  `{"deep":${'['.repeat(500)}${']'.repeat(500)}}`,
];

export const readRules: readonly Rule[] = [
  {
    name: 'read: gives back the same text, byte for byte',
    async run(stage) {
      await stage.make('one', ODD_TEXTS);
      for (const storage of await stage.instances()) {
        const stored = await stage.texts('one', storage);
        for (const [at, odd] of ODD_TEXTS.entries()) assert.equal(stored[at], odd);
        assert.equal(stored.length, ODD_TEXTS.length);
      }
      assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
    },
  },
  {
    name: 'read: after, before, reverse and limit give exactly the records they say',
    async run(stage) {
      const count = 7;
      await stage.make('one', texts(count));
      const seqs = Array.from({ length: count }, (_, at) => at + 1);
      const ends = [undefined, 0, 1, 3, 6, 7, 8, 20];
      for (const after of ends) {
        for (const before of ends) {
          for (const reverse of [false, true]) {
            for (const limit of [undefined, 1, 3, 50]) {
              const wanted = seqs.filter((seq) => seq > (after ?? 0) && seq < (before ?? Infinity));
              if (reverse) wanted.reverse();
              const range = {
                ...(after === undefined ? {} : { after }),
                ...(before === undefined ? {} : { before }),
                ...(limit === undefined ? {} : { limit }),
                reverse,
              };
              const found = await stage.read('one', range);
              const label = JSON.stringify(range);
              assert.deepEqual(
                found.map(({ seq }) => seq),
                wanted.slice(0, limit),
                label,
              );
              assert.ok(
                found.every(({ seq, json }) => json === text(seq)),
                label,
              );
            }
          }
        }
      }
    },
  },
  {
    name: 'read: pages of at most 1 MiB of text or one record, none empty',
    async run(stage) {
      const long = (n: number): string => text(n, { pad: '漢'.repeat(n % 10 === 0 ? 500_000 : 40_000) });
      const records = Array.from({ length: 25 }, (_, at) => long(at + 1));
      await stage.make('one', records);
      for (const reverse of [false, true]) {
        const pages = await all(stage.storage.read('one', { reverse }));
        const seqs = pages.flat().map(({ seq }) => seq);
        assert.deepEqual(
          reverse ? seqs.reverse() : seqs,
          records.map((_, at) => at + 1),
        );
        for (const page of pages) {
          const bytes = page.reduce((sum, { json }) => sum + new TextEncoder().encode(json).length, 0);
          assert.ok(page.length > 0, 'an empty page');
          assert.ok(page.length === 1 || bytes <= 1 << 20, `a page of ${page.length} records and ${bytes} bytes`);
        }
      }
    },
  },
  {
    name: 'read: the set is fixed at the first page',
    async run(stage) {
      const pad = 'x'.repeat(600_000);
      await stage.make('one', [text(1, { pad }), text(2, { pad }), text(3, { pad })]);
      const lease = await stage.acquire('one');
      const seqs: number[] = [];
      for await (const page of stage.storage.read('one')) {
        if (seqs.length === 0) await stage.append(lease, 3, [text(4)]);
        seqs.push(...page.map(({ seq }) => seq));
      }
      assert.deepEqual(seqs, [1, 2, 3]);
    },
  },
  {
    name: 'read: SESSION_NOT_FOUND where there is no session',
    async run(stage) {
      await rejects('SESSION_NOT_FOUND', () => stage.read('none'));
    },
  },
  {
    name: 'read: needs no lease and works while another holds one',
    async run(stage) {
      await stage.make('one');
      const lease = await stage.acquire('one');
      await stage.append(lease, 1, [text(2)]);
      for (const storage of await stage.instances()) assert.deepEqual(await stage.texts('one', storage), texts(2));
      await stage.append(lease, 2, [text(3)]);
      for (const storage of await stage.instances()) assert.deepEqual(await stage.texts('one', storage), texts(3));
    },
  },
  {
    name: 'read: a reader that stops early is in nobody’s way',
    async run(stage) {
      await stage.make('one', texts(3));
      for (let time = 0; time < 3; time += 1) {
        for await (const page of stage.storage.read('one')) {
          assert.equal(page[0]?.seq, 1);
          break;
        }
      }
      const lease = await stage.acquire('one');
      await stage.append(lease, 3, [text(4)]);
      assert.deepEqual(await stage.texts('one'), texts(4));
    },
  },
];
