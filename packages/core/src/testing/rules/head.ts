import assert from 'node:assert/strict';
import type { SessionHead } from '../../contracts/storage.ts';
import { headOf, text, type Rule } from '../stage.ts';

const FULL: Partial<SessionHead> = {
  model: 'anthropic/claude',
  lastMessage: '2026-02-03T04:05:06.007Z',
  messageCount: 3,
  tokenUsage: { input: 10, output: 20, total: 30 },
  tools: ['read', 'bash'],
  status: 'error',
  checkpoint: 1,
  title: 'Ünïcode "title" \u0000 </script>',
  cwd: '/home/me/a b',
  tags: ['x', 'y'],
  parent: { id: 'other', seq: 4 },
};

export const headRules: readonly Rule[] = [
  {
    name: 'head: undefined where there is no session',
    async run(stage) {
      assert.equal(await stage.storage.head('none'), undefined);
    },
  },
  {
    name: 'head: every field comes back as it was handed over',
    async run(stage) {
      await stage.make('full', [text(1)], FULL);
      await stage.make('bare');
      for (const storage of await stage.instances()) {
        assert.deepEqual(await storage.head('full'), headOf('full', 1, FULL));
        assert.deepEqual(await storage.head('bare'), headOf('bare', 1));
        assert.deepEqual(
          (await storage.list()).items.find(({ id }) => id === 'full'),
          headOf('full', 1, FULL),
        );
      }
    },
  },
  {
    name: 'head: fields that the next head leaves out are gone',
    async run(stage) {
      await stage.make('one', [text(1)], FULL);
      const lease = await stage.acquire('one');
      await stage.append(lease, 1, [text(2)]);
      await lease.release();
      for (const storage of await stage.instances()) assert.deepEqual(await storage.head('one'), headOf('one', 2));
    },
  },
];
