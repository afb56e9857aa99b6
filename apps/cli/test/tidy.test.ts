import { mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelList, openaiChat, startFakeProvider } from '@reprise/fake-provider';
import { fsStorage } from '@reprise/storage-fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePlace, sessionIn } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

let place: Place;
beforeEach(() => void (place = makePlace()));
afterEach(() => place.remove());

const begin = async (prompt = 'hello') => sessionIn((await place.run(['run', '--model', 'demo/offline', prompt])).err);
const session = (...words: string[]) => place.run(['session', ...words]);
const log = (id: string) => join(place.home, 'sessions', id, 'messages.json');

describe('reprise session repair', () => {
  it('says what it would do, does it, keeps the log as it was, and then finds nothing', async () => {
    const id = await begin();
    const lines = readFileSync(log(id), 'utf8').split('\n');
    const harmed = lines.map((line, i) => (i === 1 ? line.replace('hello', 'hullo') : line)).join('\n');
    writeFileSync(log(id), harmed);

    const would = await session('repair', '--dry-run', id);
    expect(would.code).toBe(0);
    expect(would.out).toMatch(/line 2, byte \d+, record 2: checksum/);
    for (const line of [`mark-lost: lost and marked so: record 2; .*\\(${log(id)}\\)`, 'keep-original: .*/damaged\\)'])
      expect(would.out).toMatch(new RegExp(`^would do: ${line}$`, 'm'));
    expect(readFileSync(log(id), 'utf8')).toBe(harmed);

    const done = await session('repair', '--json', id);
    expect(JSON.parse(done.out)).toMatchObject({ id, dryRun: false, damage: [{ kind: 'checksum' }] });
    const aside = join(place.home, 'sessions', id, 'damaged');
    expect(readdirSync(aside).map((name) => readFileSync(join(aside, name), 'utf8'))).toContain(harmed);
    expect((await session('verify', id)).code).toBe(0);
    expect(await session('repair', id)).toMatchObject({ code: 0, out: `${id} is whole\n` });
    expect((await place.run(['run', '--session', id, 'what can you do?'])).code).toBe(0);
  });

  it('waits for nobody: a session in use is exit code 8, and stays as it is', async () => {
    const id = await begin();
    const harmed = readFileSync(log(id), 'utf8').replace('hello', 'hullo');
    const storage = fsStorage({ root: join(place.home, 'sessions') });
    const lease = await storage.acquire(id, { owner: { name: 'test' }, expect: 'existing' });
    writeFileSync(log(id), harmed);
    const { code, err } = await session('repair', id);
    await lease.release();
    await storage.close();
    expect({ code, err }).toEqual({ code: 8, err: expect.stringMatching(/^reprise: /) });
    expect(readFileSync(log(id), 'utf8')).toBe(harmed);
  });

  it.each([
    ['nosuch', 4],
    ['../x', 2],
  ])('of %s is exit code %i', async (id, code) => {
    expect(await session('repair', id)).toMatchObject({ code, out: '' });
  });
});

describe('reprise session gc', () => {
  it('says what it would remove, removes it, and leaves sessions alone', async () => {
    const id = await begin();
    const kept = readFileSync(log(id), 'utf8');
    const left = join(place.home, 'sessions', '.trash-old');
    const young = join(place.home, 'sessions', 'half');
    const old = join(place.home, 'sessions', 'older');
    for (const folder of [left, young, old]) mkdirSync(folder, { mode: 0o700 });
    utimesSync(old, 1, 1);

    const would = await session('gc', '--dry-run');
    expect(would.out).toContain('.trash-old: removed-session');
    expect(would.err).toContain('would remove 2 things');
    expect(readdirSync(join(place.home, 'sessions'))).toContain('.trash-old');

    const { dryRun, items } = JSON.parse((await session('gc', '--json')).out);
    expect({ dryRun, kinds: items.map(({ kind }: { kind: string }) => kind).sort() }).toEqual({
      dryRun: false,
      kinds: ['half-made', 'removed-session'],
    });
    const there = readdirSync(join(place.home, 'sessions'));
    expect(there).toEqual(expect.arrayContaining([id, 'half']));
    expect(there).not.toEqual(expect.arrayContaining(['older']));
    expect(readFileSync(log(id), 'utf8')).toBe(kept);
  });
});

describe('reprise session search', () => {
  it('finds words in every session', async () => {
    const [first] = [await begin('the walrus and the carpenter'), await begin('hello')];
    const { code, out } = await session('search', 'walrus', 'carp');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(new RegExp(`^${first} {2}\\d+ {2}.*walrus`)) });
    expect(JSON.parse((await session('search', '--json', '--limit', '1', 'walrus')).out)).toMatchObject([
      { id: first },
    ]);
    expect(await session('search', 'oyster')).toMatchObject({ code: 0, out: '', err: 'reprise: found nowhere\n' });
  });
});

/** Nothing listens on port 9: a real local server on this machine must not be met. */
const NOWHERE = Object.fromEntries(
  ['ollama', 'lmstudio', 'vllm', 'llama-server'].map((id) => [id, { baseURL: 'http://127.0.0.1:9/v1' }]),
);

describe('reprise models --live', () => {
  const live = async (...words: string[]) => {
    const fake = await startFakeProvider();
    try {
      writeFileSync(join(place.home, 'config.json'), JSON.stringify({ providers: NOWHERE }));
      fake.answer('anthropic', 'models', modelList.anthropic([{ id: 'claude-next-9', window: 3_000_000 }]));
      const env = {
        ANTHROPIC_API_KEY: 'k',
        ANTHROPIC_BASE_URL: fake.url,
        OPENAI_API_KEY: 'sk-o',
        OPENAI_BASE_URL: `${fake.url}/nowhere`,
      };
      return await place.run(['models', '--live', ...words], { env });
    } finally {
      await fake.close();
    }
  };

  it('lists what the providers list now, and says who did not answer and why', async () => {
    const { code, out, err } = await live();
    expect({ code, out }).toEqual({ code: 0, out: 'anthropic/claude-next-9  3000k tokens  key set\n' });
    expect(err).toContain('anthropic lists 1 models');
    expect(err).toContain('openai failed: ');
    expect(err).toMatch(/google was not asked: .*\n/);
    expect(err).not.toContain('sk-o');
  });

  it('is one JSON value', async () => {
    const { models, providers } = JSON.parse((await live('--json')).out);
    expect(models).toContainEqual(expect.objectContaining({ name: 'anthropic/claude-next-9', source: 'live' }));
    expect(models).toContainEqual(
      expect.objectContaining({ name: 'anthropic/claude-sonnet-4-5', source: 'catalogue' }),
    );
    expect(providers).toContainEqual({ provider: 'anthropic', state: 'live', models: 1 });
    expect(providers).toContainEqual(
      expect.objectContaining({
        provider: 'openai',
        state: 'failed',
        error: expect.objectContaining({ code: 'PROVIDER' }),
      }),
    );
  });

  it('is a provider’s failure where nobody answers', async () => {
    writeFileSync(join(place.home, 'config.json'), JSON.stringify({ providers: NOWHERE }));
    const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    expect(await place.run(['models', '--live'], { env })).toMatchObject({ code: 5, out: '' });
  });
});

describe('a local server', () => {
  it('is found by reprise models, and answers once it is chosen', async () => {
    const fake = await startFakeProvider({ strict: true });
    try {
      const providers = { ...NOWHERE, vllm: { baseURL: fake.url } };
      writeFileSync(join(place.home, 'config.json'), JSON.stringify({ providers }));
      fake.answer('openai-chat', 'models', modelList.openai([{ id: 'qwen3', more: { max_model_len: 40_000 } }]));
      fake.script('openai-chat', openaiChat.message({ text: 'Here I am.' }));
      const found = await place.run(['models']);
      expect(found.code).toBe(0);
      expect(found.out).toMatch(/^vllm\/qwen3 +40k tokens$/m);
      // Those that were told to be elsewhere and are not are told of.
      expect(found.err).toContain('ollama failed: ');
      // It isn't used before it is chosen: in a pipe there is then no model.
      expect(await place.run(['run', 'hi'])).toMatchObject({ code: 3, out: '' });
      expect(await place.run(['run', '--model', 'vllm/qwen3', 'hi'])).toMatchObject({ code: 0, out: 'Here I am.\n' });
      expect(fake.requests.at(-1)?.json).toMatchObject({ model: 'qwen3' });
    } finally {
      await fake.close();
    }
  });
});
