import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const hooks = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({ load(url, context, next) { loaded.add(url); return next(url, context); } });
  const packages = () => [...loaded].flatMap((url) => url.match(/@ai-sdk[/\\\\](?:anthropic|openai-compatible|openai|google)(?=[/\\\\]dist)/g) ?? []);
  const { createModels } = await import(${JSON.stringify(index)});
  const models = createModels({ env: { ANTHROPIC_API_KEY: 'k' }, fetch: async () => { throw new Error('no network'); } });
  const call = (model) => model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] }).catch(() => {});
`;

/** The SDK packages that a fresh process has loaded at the end of `code`. */
async function loadedBy(code: string): Promise<unknown> {
  const script = `${hooks}\n${code}\nconsole.log(JSON.stringify([...new Set(packages())]));`;
  const { stdout } = await run(process.execPath, ['--conditions=@reprise/source', '--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

test('resolving, listing and the demo load no provider package', async () => {
  const names = ['anthropic/claude-opus-5-5', 'openai/gpt-5', 'google/gemini-2.5-pro', 'ollama/x', 'demo/offline'];
  const code = `for (const name of ${JSON.stringify(names)}) await models.resolve(name); models.list();
    await call((await models.resolve('demo/offline')).model);
    await call((await models.resolve('openai/gpt-5')).model); // has no key`;
  expect(await loadedBy(code)).toEqual([]);
});

test('a call loads its own provider and no other', async () => {
  expect(await loadedBy(`await call((await models.resolve('anthropic/claude-opus-5-5')).model);`)).toEqual([
    '@ai-sdk/anthropic',
  ]);
});

const vendors = `
  const vendors = () => [...new Set([...loaded].flatMap((url) => url.match(/node_modules[/\\\\](?:@anthropic-ai[/\\\\]sdk|openai)(?=[/\\\\])/g) ?? []))].map((path) => path.slice('node_modules/'.length));
  const { liveModels, localModels, checkKey } = await import(${JSON.stringify(fileURLToPath(new URL('../src/live.ts', import.meta.url)))});
  const prompt = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }];
  const fetch = async () => { throw new Error('no network'); };
  const keys = { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k', GEMINI_API_KEY: 'k' };
  const all = createModels({ env: keys, fetch });
  const count = async (name) => (await all.resolve(name)).count(prompt, new AbortController().signal).catch((error) => error);
`;

/** What `code` gives to `answer`, in a fresh process that knows both vendors' SDKs by what it loads. */
async function answerOf(code: string, before = ''): Promise<unknown> {
  const script = `${before}${hooks}${vendors}\nconst answer = (value) => console.log(JSON.stringify(value));\n${code}`;
  const { stdout } = await run(process.execPath, ['--conditions=@reprise/source', '--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

test("neither resolving, listing nor a call loads a vendor's SDK, nor does importing what uses it or asking Google", async () => {
  const code = `
    for (const name of ['anthropic/claude-opus-5-5', 'openai/gpt-5', 'google/gemini-2.5-pro', 'ollama/x'])
      await call((await all.resolve(name)).model);
    all.list();
    await count('google/gemini-2.5-pro');
    await checkKey('google', { env: {} });
    await checkKey('openai', { env: {} });
    await localModels({ env: {}, fetch });
    answer(vendors());`;
  expect(await answerOf(code)).toEqual([]);
});

test("a count loads its own vendor's SDK and no other; so does a key check", async () => {
  expect(await answerOf(`await count('anthropic/claude-opus-5-5'); answer(vendors());`)).toEqual(['@anthropic-ai/sdk']);
  expect(await answerOf(`await count('openai/gpt-5'); answer(vendors());`)).toEqual(['openai']);
  expect(
    await answerOf(
      `await checkKey('compatible', { env: { OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9' }, fetch }); answer(vendors());`,
    ),
  ).toEqual(['openai']);
});

/** Both vendors' packages are as good as not installed. */
const absent = `
  import { registerHooks as hide } from 'node:module';
  hide({ resolve(name, context, next) {
    if (name !== 'openai' && name !== '@anthropic-ai/sdk') return next(name, context);
    throw Object.assign(new Error(\`Cannot find package '\${name}' imported from \${context.parentURL}\`), { code: 'ERR_MODULE_NOT_FOUND' });
  } });
`;

test('without the optional packages everything else works, and what needs them says what to install', async () => {
  const code = `
    const google = async (input) => String(input).includes('googleapis')
      ? new Response(JSON.stringify({ models: [{ name: 'models/gemini-2.5-pro' }] }))
      : Promise.reject(new Error('no network'));
    const live = await liveModels({ env: keys, fetch: google });
    const check = await checkKey('openai', { env: keys, fetch: google });
    const errors = [await count('anthropic/claude-opus-5-5'), await count('openai/gpt-5'), check.error];
    answer({
      errors: errors.map(({ code, hint }) => [code, hint]),
      live: live.providers.slice(0, 3).map(({ provider, state, error }) => [provider, state, error?.code]),
    });`;
  const install = (name: string) => ['UNSUPPORTED', `Install it beside @reprise/providers: npm install ${name}`];
  expect(await answerOf(code, absent)).toEqual({
    errors: [install('@anthropic-ai/sdk'), install('openai'), install('openai')],
    live: [
      ['anthropic', 'failed', 'UNSUPPORTED'],
      ['openai', 'failed', 'UNSUPPORTED'],
      ['google', 'live', null],
    ],
  });
});
