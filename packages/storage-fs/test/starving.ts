import { closeSync, openSync, writeSync } from 'node:fs';
import { isCoded } from '@reprise/core';
import { fsStorage } from '../src/index.ts';
import { append, make, OWNER, text, textsOf } from './moves.ts';

/** `starving.ts ROOT`, with few files allowed: uses a store while none can be opened, then again. Says what each call came to. */
const [root = ''] = process.argv.slice(2);
const storage = fsStorage({ root });
const say = (line: string): void => void writeSync(1, `${line}\n`);

async function tried(name: string, work: () => Promise<unknown> | undefined): Promise<void> {
  const before = performance.now();
  let end = 'done';
  try {
    await work();
  } catch (error) {
    end = isCoded(error) ? `${error.code} ${error.hint === undefined ? 'without' : 'with'} a hint` : String(error);
  }
  say(`${name}: ${end}${performance.now() - before < 1000 ? '' : ', late'}`);
}

await make(storage, 'one', [text(1)]);
const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
const open: number[] = [];
const starve = (): void => {
  try {
    for (;;) open.push(openSync('/dev/null', 'r'));
  } catch {
    // None is left.
  }
};

starve();
await tried('append', () => append(storage, lease, 1, [text(2)]));
await tried('read', () => textsOf(storage, 'one'));
await tried('acquire', () => storage.acquire('two', { owner: OWNER, expect: 'new' }));
await tried('draft', () => storage.draft?.add(lease, { step: 's', attempt: 1, offset: 0, json: '{}' }));
await tried('inbox', () => storage.inbox?.put('one', { key: 'k', json: '{}' }));
await tried('release', () => lease.release());
for (const fd of open.splice(0)) closeSync(fd);
const next = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
const tip = next.head?.seq ?? 0;
await append(storage, next, tip, [text(tip + 1)]);
await next.release();
say(`records: ${(await textsOf(storage, 'one')).length}`);
say(`head: ${(await storage.head('one'))?.seq}`);
say(`sessions: ${(await storage.list()).items.length}`);
