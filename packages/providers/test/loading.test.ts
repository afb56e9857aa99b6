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
