import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSessions } from './open.ts';
import { keptIn, openStorage } from './storage.ts';

let root: string;
let home: string;
let cwd: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reprise-compose-'));
  [home, cwd] = [join(root, 'home'), join(root, 'work')];
  for (const folder of [home, cwd]) mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true }));

const site = () => ({ env: { REPRISE_HOME: home }, cwd });
const kept = (config: object, flag?: string) => keptIn(site(), { home, config }, flag);

describe('where sessions are kept', () => {
  it('is in files under the home folder, unless somebody says otherwise', () => {
    expect(kept({})).toEqual({ files: { env: site().env } });
    expect(kept({ storageOptions: { root: 'mine' } })).toEqual({
      files: { env: site().env, root: join(home, 'mine') },
    });
  });

  it('is what the configuration names, from its own folder and with its options', () => {
    const config = { storage: './s.js', storageOptions: { a: 1 } };
    expect(kept(config)).toEqual({ module: './s.js', from: home, options: { a: 1 } });
  });

  it('is what the flag names, from the working directory and without the configuration’s options', () => {
    const config = { storage: './s.js', storageOptions: { a: 1 } };
    expect(kept(config, './t.js')).toEqual({ module: './t.js', from: cwd, options: {} });
    expect(kept(config, '@reprise/storage-fs')).toEqual({ files: { env: site().env } });
  });

  it.each([{ rot: 'x' }, { root: 5 }, { root: 'x', more: 1 }])(
    'is refused where options don’t fit files: %j',
    (given) => {
      expect(() => kept({ storageOptions: given })).toThrow(
        expect.objectContaining({ code: 'INVALID_INPUT', details: { configuration: join(home, 'config.json') } }),
      );
    },
  );
});

describe('a storage module', () => {
  const METHODS = ['acquire', 'append', 'read', 'head', 'list', 'remove', 'close'];
  const write = (methods: readonly string[]) =>
    writeFileSync(
      join(cwd, 'own.mjs'),
      `export default (options) => ({ contract: 1, supports: {}, options, ${methods.map((name) => `${name}() {}`)} });`,
    );
  const open = (flag: string) => openStorage(site(), { home, config: {} }, flag);

  it('is its default export, called', async () => {
    write(METHODS);
    expect(await open('./own.mjs')).toMatchObject({ contract: 1, options: {} });
  });

  it.each(METHODS)('without %s is refused, and says so', async (missing) => {
    write(METHODS.filter((name) => name !== missing));
    await expect(open('./own.mjs')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(`lacks ${missing}`),
      details: { configuration: './own.mjs' },
    });
  });
});

describe('sessions, put together', () => {
  it('follow the configuration: files under the home folder, its aliases, its permissions', async () => {
    writeFileSync(join(home, 'config.json'), '{ "aliases": { "mine": "demo/offline" }, "permission": "auto" }');
    const { sessions, config, models } = await openSessions(
      { ...site(), platform: process.platform, pid: process.pid },
      { turns: {} },
    );
    const session = await sessions.create({ model: 'mine', title: 'A title' });
    await session.message('write a.txt with "Hello"');
    await sessions.close();
    expect(config).toMatchObject({ permission: 'auto' });
    expect(models.list().map(({ name }) => name)).toContain('demo/offline');
    expect(readdirSync(join(home, 'sessions'))).toEqual([session.id]);
    expect(readdirSync(cwd)).toEqual(['a.txt']);
  });
});
