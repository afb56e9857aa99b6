import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf, loadConfig } from './config.ts';

let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'reprise-config-'))));
afterEach(() => rmSync(home, { recursive: true }));

const load = (text: string) => {
  writeFileSync(join(home, 'config.json'), text);
  return loadConfig(home);
};

describe('the home folder', () => {
  it('is REPRISE_HOME, else .opencode in the home directory', () => {
    expect(homeOf({ REPRISE_HOME: '/r', HOME: '/h' })).toBe('/r');
    expect(homeOf({ REPRISE_HOME: '', HOME: '/h' })).toBe('/h/.opencode');
  });
});

describe('the configuration', () => {
  it('may be absent', async () => expect(await loadConfig(home)).toEqual({}));

  it('sets the model and its window, permissions, names, providers and the storage', async () => {
    const config = {
      model: 'anthropic/x',
      permission: 'auto',
      contextWindow: 1000,
      budget: { turn: { maxSteps: 20, maxDuration: 60_000 }, session: { maxTokens: 9, maxCost: 0.5 } },
      aliases: { fast: 'a/b' },
      providers: { local: { baseURL: 'http://127.0.0.1:8080/v1', apiKey: 'k', headers: { a: 'b' } } },
      catalogue: { 'compatible/mine': { window: 8192, output: 1024, price: [0, 0], temperature: false } },
      strictModels: true,
      storage: './store.js',
      storageOptions: { file: 'sessions.db' },
    };
    expect(await load(`\ufeff${JSON.stringify(config)}`)).toEqual(config);
  });

  it.each([
    ['{', 'JSON'],
    ['[]', 'the whole: '],
    ['{"modle":"x"}', 'modle'],
    ['{"permission":"yolo"}', 'permission: '],
    ['{"catalogue":{"mine":{"window":1}}}', 'catalogue.mine: '],
    ['{"catalogue":{"a/b":{"window":0}}}', 'catalogue.a/b.window: '],
    ['{"strictModels":1}', 'strictModels: '],
    ['{"storage":""}', 'storage: '],
    ['{"storageOptions":[]}', 'storageOptions: '],
    ['{"contextWindow":-1}', 'contextWindow: '],
    ['{"budget":{"session":{"maxCost":0}}}', 'budget.session.maxCost: '],
    ['{"budget":{"turn":{}}}', 'budget.turn: '],
    ['{"budget":{"maxCost":1}}', 'budget: '],
    ['{"providers":{"a":{"baseURL":"nope"}}}', 'providers.a.baseURL: '],
  ])('%s is a configuration error with the file and the place', async (text, place) => {
    const error = await load(text).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', details: { configuration: join(home, 'config.json') } });
    expect((error as Error).message).toContain(join(home, 'config.json'));
    expect((error as Error).message).toContain(place);
  });

  it('that is no file is refused alike', async () => {
    mkdirSync(join(home, 'config.json'));
    await expect(loadConfig(home)).rejects.toMatchObject({ details: { configuration: join(home, 'config.json') } });
  });
});
