import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePlace, sessionIn } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

const STORE = join(import.meta.dirname, 'support/json-store.ts');
const DEMO = ['run', '--model', 'demo/offline'];

let place: Place;
beforeEach(() => void (place = makePlace()));
afterEach(() => place.remove());

const configure = (config: object) => writeFileSync(join(place.home, 'config.json'), JSON.stringify(config));
const ids = (file: string) => Object.keys(JSON.parse(readFileSync(file, 'utf8')));
const noFiles = () => expect(existsSync(join(place.home, 'sessions'))).toBe(false);

/** Puts the store there as a package that only `import` finds. Node strips no types within `node_modules`, so the code lies beside. */
function installIn(folder: string, name: string): string {
  const at = join(folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), '{ "type": "module", "exports": { "import": "./store.js" } }');
  cpSync(STORE, join(folder, 'beside.ts'));
  writeFileSync(join(at, 'store.js'), `export { default } from ${JSON.stringify(join(folder, 'beside.ts'))};`);
  return join(folder, 'sessions-of-mine.json');
}

describe('a storage of one’s own', () => {
  it('named by --storage, as a path from the working directory, serves every command', async () => {
    cpSync(STORE, join(place.work, 'store.ts'));
    const own = ['--storage', './store.ts'];
    const session = async (...words: string[]) => {
      const { code, out, err } = await place.run(['session', ...words, ...own]);
      expect({ code, err }).toEqual({ code: 0, err: expect.any(String) });
      return out;
    };
    const id = sessionIn((await place.run([...DEMO, ...own, 'hello'])).err);
    expect((await place.run([...DEMO, ...own, '--continue', 'what did I ask before?'])).err).toContain(id);
    expect(JSON.parse(await session('list', '--json'))).toMatchObject([{ id, messageCount: 4 }]);
    expect(JSON.parse(await session('info', id, '--json'))).toMatchObject({ id });
    expect(JSON.parse(await session('show', id, '--json')).messages).toHaveLength(4);
    const copy = (await session('fork', id)).trim();
    writeFileSync(join(place.work, 'one.json'), await session('export', id));
    await session('delete', '--yes', id);
    expect(await session('import', 'one.json')).toBe(`${id}\n`);
    expect(ids(join(place.work, 'sessions-of-mine.json')).sort()).toEqual([id, copy].sort());
    noFiles();
  });

  it('is looked for as a package from the working directory', async () => {
    const file = installIn(place.work, 'my-store');
    const { code, err } = await place.run([...DEMO, '--storage', 'my-store', 'hello']);
    expect(code).toBe(0);
    expect(ids(file)).toEqual([sessionIn(err)]);
    noFiles();
  });

  it('named in the user’s configuration is looked for from there, with its options; --storage wins', async () => {
    cpSync(STORE, join(place.home, 'store.ts'));
    configure({ storage: './store.ts', storageOptions: { file: 'configured.json' } });
    const { err } = await place.run([...DEMO, 'hello']);
    expect(ids(join(place.home, 'configured.json'))).toEqual([sessionIn(err)]);
    noFiles();
    const files = await place.run([...DEMO, '--storage', '@reprise/storage-fs', 'hello']);
    expect(existsSync(join(place.home, 'sessions', sessionIn(files.err)))).toBe(true);
    expect(ids(join(place.home, 'configured.json'))).toHaveLength(1);
  });

  it('@reprise/storage-fs is the one that is built in, and takes `root`', async () => {
    installIn(place.work, '@reprise/storage-fs');
    configure({ storage: '@reprise/storage-fs', storageOptions: { root: 'elsewhere' } });
    const { err } = await place.run([...DEMO, 'hello']);
    expect(existsSync(join(place.home, 'elsewhere', sessionIn(err), 'messages.json'))).toBe(true);
    expect((await place.run(['session', 'verify', sessionIn(err)])).code).toBe(0);
    configure({ storageOptions: { rot: 'elsewhere' } });
    expect(await place.run(['session', 'list'])).toMatchObject({ code: 3, err: expect.stringContaining('`root`') });
  });

  it('is never taken from a repository', async () => {
    writeFileSync(join(place.work, 'evil.mjs'), `import { writeFileSync } from 'node:fs'; writeFileSync('owned', '');`);
    mkdirSync(join(place.work, '.opencode'));
    for (const name of ['config.json', '.opencode/config.json', 'reprise.json', '.reprise.json'])
      writeFileSync(join(place.work, name), JSON.stringify({ storage: './evil.mjs' }));
    writeFileSync(join(place.work, 'package.json'), JSON.stringify({ reprise: { storage: './evil.mjs' } }));
    expect((await place.run([...DEMO, 'hello'])).code).toBe(0);
    expect(existsSync(join(place.work, 'owned'))).toBe(false);
    expect(existsSync(join(place.home, 'sessions'))).toBe(true);
  });

  it.each([
    ['verify', ['ID']],
    ['repair', ['ID']],
    ['gc', []],
    ['search', ['hello']],
  ])('session %s says that it can’t, and what can', async (command, operands) => {
    cpSync(STORE, join(place.work, 'store.ts'));
    const { code, out, err } = await place.run(['session', command, ...operands, '--storage', './store.ts']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^reprise: .*\n {2}.*reprise session show/);
  });
});

describe('what is no storage module', () => {
  const FACTORY = (made: string) => `export default () => (${made});`;
  const METHODS = 'acquire() {}, append() {}, read() {}, head() {}, list() {}, remove() {}';
  it.each([
    ['is not there', undefined, /can't be loaded.*bad\.mjs/],
    ['does not parse', 'export default (', /can't be loaded/],
    ['throws when it is loaded', 'throw new Error("boom");', /boom/],
    ['has no default export', 'export const store = 1;', /default export is no function/],
    ['makes nothing', FACTORY('undefined'), /gives no store/],
    ['makes a promise', FACTORY('Promise.resolve({})'), /promise/],
    ['can not be opened', 'export default () => { throw new Error("no database"); };', /no database/],
    ['has another contract', FACTORY('{ contract: 2 }'), /contract is 2.*version 1/],
    ['lacks a method', FACTORY(`{ contract: 1, supports: {}, ${METHODS} }`), /lacks close\n/],
  ])('one that %s is exit code 3, and what is expected', async (_, code, says) => {
    if (code !== undefined) writeFileSync(join(place.work, 'bad.mjs'), code);
    const ended = await place.run(['session', 'list', '--storage', './bad.mjs']);
    expect({ code: ended.code, out: ended.out }).toEqual({ code: 3, out: '' });
    expect(ended.err).toMatch(says);
    expect(ended.err).not.toMatch(/\n\s+at /);
    if (!String(says).includes('no database')) {
      expect(ended.err).toContain('contract version 1');
      expect(ended.err).toContain('acquire, append, read, head, list, remove, close');
    }
  });

  it('a file named like a package says how to write it', async () => {
    cpSync(STORE, join(place.work, 'store.ts'));
    const { code, err } = await place.run(['session', 'list', '--storage', 'store.ts']);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('Write ./store.ts') });
  });
});
