import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { anthropic, startFakeProvider } from '../../packages/fake-provider/src/index.ts';
import { untouched } from '../checks/checkout.mjs';
import { strangersEnv } from '../checks/packages.mjs';
import { run } from '../lib/run.mjs';
import { root } from '../lib/setup.mjs';
import { scratchFolder } from './scratch.mjs';

let fake;
beforeAll(async () => void (fake = await startFakeProvider({ strict: true })));
afterAll(() => fake.close());

test('npm start with a key in the environment asks that provider, goes on with its session, and leaves the checkout as it was', async ({
  onTestFinished,
}) => {
  const { run: check } = untouched(root);
  const own = scratchFolder(onTestFinished);
  const env = {
    ...strangersEnv(process.env, own),
    // Where npm keeps what a pnpm that fetches itself would fetch again.
    HOME: process.env.HOME,
    XDG_CACHE_HOME: own,
    ANTHROPIC_API_KEY: 'key-of-mine',
    ANTHROPIC_BASE_URL: fake.url,
  };
  const start = (...given) => run('node', [join(root, 'scripts/start.mjs'), ...given], { cwd: root, env });
  fake.script(
    'anthropic',
    anthropic.message({ text: 'Hello from afar.' }),
    anthropic.message({ text: 'You said hi.' }),
  );

  const first = await start('hi');
  expect(first, first.output).toMatchObject({ code: 0, stdout: 'Hello from afar.\n' });
  expect(first.output).toContain('To go on: reprise run --session ');
  const second = await start('--continue', 'what did I say?');
  expect(second, second.output).toMatchObject({ code: 0, stdout: 'You said hi.\n' });

  expect(fake.requests.map(({ headers }) => headers['x-api-key'])).toEqual(['key-of-mine', 'key-of-mine']);
  expect(fake.requests[1].json.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(await check()).toEqual({ status: 'passed' });
}, 300_000);
