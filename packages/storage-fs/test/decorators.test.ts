import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryStorage, type SessionStorage } from '@reprise/core';
import { storageSuite } from '@reprise/core/testing';
import { describe, expect, test } from 'vitest';
import { cached, sealed } from './decorators.ts';
import { faults } from './faulty.ts';
import { append, OWNER, text, textsOf } from './moves.ts';
import { reopened, rootBehind, temporaryStorage, wrapped } from './temporary.ts';

const KEY = new Uint8Array(32).fill(7);
const DECORATORS: Readonly<Record<string, (inner: SessionStorage) => SessionStorage>> = {
  cached,
  sealed: (inner) => sealed(inner, KEY),
  'cached over sealed': (inner) => cached(sealed(inner, KEY)),
};

for (const [name, decorate] of Object.entries(DECORATORS)) {
  describe(`memory, ${name}`, () => storageSuite({ test, create: () => decorate(memoryStorage()) }));

  // A cache and a cipher each hide from their reader what a stranger wrote behind the lease.
  const { intrude: _intrude, ...rest } = faults;
  if (name === 'cached over sealed') continue;
  describe(`files, ${name}`, () => {
    storageSuite({
      test,
      create: () => {
        const { storage, cleanup } = temporaryStorage();
        return { storage: wrapped(decorate(storage), storage), cleanup };
      },
      reopen: (storage) => {
        const inner = reopened(storage);
        return wrapped(decorate(inner), inner);
      },
      faults: rest,
    });
  });
}

test('a sealed store holds no text on the disk and logs what it does; the wrong key opens nothing', async () => {
  const { storage, cleanup } = temporaryStorage();
  const calls: string[] = [];
  const outer = sealed(storage, KEY, (call) => calls.push(call));
  const lease = await outer.acquire('one', { owner: OWNER, expect: 'new' });
  await append(outer, lease, 0, [text(1), '{"secret":"heliotrope"}']);
  await lease.release();
  expect(readFileSync(join(rootBehind(storage), 'one', 'messages.json'), 'utf8')).not.toContain('heliotrope');
  expect(await textsOf(outer, 'one')).toEqual([text(1), '{"secret":"heliotrope"}']);
  await expect(textsOf(sealed(storage, new Uint8Array(32)), 'one')).rejects.toThrow();
  expect(calls).toEqual(['acquire one', 'append one 2', 'read one']);
  await outer.close();
  cleanup();
});
