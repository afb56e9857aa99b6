import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addToken, namedTokens, removeToken } from '../src/node/index.ts';
import { TOKEN, stage } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const OTHER = 'another-token-0123456789';
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const status = async ({ ask }: Stage, token: string, path = '/v1/sessions'): Promise<number> =>
  (await ask(path, as(token))).status;

test('a token may be given by its hash alone', async () => {
  const there = stage({ tokens: [{ name: 'hashed', sha256: sha256(OTHER), scopes: ['read'] }] });
  expect(await status(there, OTHER)).toBe(200);
  expect(await status(there, TOKEN)).toBe(401);
  expect(await status(there, sha256(OTHER))).toBe(401);
  expect((await there.ask('/v1/sessions', { ...as(OTHER), method: 'POST' })).status).toBe(403);
  expect(() => stage({ tokens: [{ name: 'hashed', sha256: 'abc' }] })).toThrow('64 hexadecimal digits');
});

describe('other tokens in place of those that there are', () => {
  const one = { name: 'one', token: TOKEN };

  test('count at once: who is gone is refused, who is new is let in, scopes are the new ones', async () => {
    const there = stage({ tokens: [one] });
    there.server.setTokens([{ name: 'two', token: OTHER, scopes: ['read'] }]);
    expect([await status(there, TOKEN), await status(there, OTHER)]).toEqual([401, 200]);
    expect((await there.ask('/v1/sessions', { ...as(OTHER), method: 'POST' })).status).toBe(403);
    there.server.setTokens([]);
    expect(await status(there, OTHER)).toBe(401);
  });

  test('change nothing where one of them can’t be', async () => {
    const there = stage({ tokens: [one] });
    const rate = { burst: 0, perSecond: 1 };
    for (const bad of [
      { name: '', token: OTHER },
      { name: 'x', token: 'short' },
      { name: 'x', token: OTHER, rate },
    ]) {
      expect(() => there.server.setTokens([bad])).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
      expect([await status(there, TOKEN), await status(there, OTHER)]).toEqual([200, 401]);
    }
  });

  test('end the streams of those that are gone or allow something else now, and no other', async () => {
    const there = stage({ tokens: [one, { name: 'two', token: OTHER }] });
    const id = await there.session();
    const follow = async (token: string) => (await there.ask(`/v1/sessions/${id}/events`, as(token))).body?.getReader();
    const [kept, changed] = [await follow(TOKEN), await follow(OTHER)];
    const toEnd = async (reader: typeof kept): Promise<string> => {
      for (;;) if ((await reader?.read())?.done !== false) return 'ended';
    };
    const ends = [toEnd(kept), toEnd(changed)] as const;
    there.server.setTokens([one, { name: 'two', token: OTHER, scopes: ['write'] }]);
    expect(await ends[1]).toBe('ended');
    expect(await Promise.race([ends[0], 'open'])).toBe('open');
    there.server.setTokens([]);
    expect(await ends[0]).toBe('ended');
  });

  test('give no stream to a request that was on its way with one that is gone', async () => {
    const there = stage({ tokens: [one, { name: 'two', token: OTHER }] });
    const id = await there.session();
    const { info } = there.sessions;
    there.sessions.info = (wanted) => {
      there.server.setTokens([one]);
      return info(wanted);
    };
    const answer = await there.ask(`/v1/sessions/${id}/events`, as(OTHER));
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'AUTH', status: 401 }]);
  });

  test('leave to a rate what is left of it, and keep sessions with their owner', async () => {
    const alice = { name: 'alice', token: OTHER, owns: true, rate: { burst: 3, perSecond: 0.001 } };
    const there = stage({ tokens: [one, alice] });
    await there.session();
    const made = await there.ask('/v1/sessions', { ...as(OTHER), method: 'POST' });
    expect(made.status).toBe(201);
    there.server.setTokens([one, { ...alice, scopes: ['read'] }]);
    const { items } = (await (await there.ask('/v1/sessions', as(OTHER))).json()) as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toEqual([((await made.json()) as { id: string }).id]);
    expect([await status(there, OTHER), await status(there, OTHER)]).toEqual([200, 429]);
    there.server.setTokens([one, { ...alice, rate: { burst: 1, perSecond: 0.001 } }]);
    expect([await status(there, OTHER), await status(there, OTHER)]).toEqual([200, 429]);
  });
});

describe('the file with named tokens', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-tokens-'));
    file = join(folder, 'home', 'server-tokens.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('holds names, what they allow, and hashes; never a token; and only its owner may read it', () => {
    expect(namedTokens(file)).toEqual([]);
    const token = addToken(file, { name: 'ci', scopes: ['read'], owns: true, rate: { burst: 2, perSecond: 0.5 } });
    const other = addToken(file, { name: 'all' });
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(token).not.toBe(other);
    expect(namedTokens(file)).toEqual([
      { name: 'ci', scopes: ['read'], owns: true, rate: { burst: 2, perSecond: 0.5 }, sha256: sha256(token) },
      { name: 'all', sha256: sha256(other) },
    ]);
    expect(readFileSync(file, 'utf8')).not.toContain(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    removeToken(file, 'ci');
    expect(namedTokens(file)).toMatchObject([{ name: 'all' }]);
    expect(readdirSync(join(folder, 'home'))).toEqual(['server-tokens.json']);
  });

  test.each([
    [{ name: 'ci' }, 'CONFLICT', 'already'],
    [{ name: 'local' }, 'INVALID_INPUT', 'by itself'],
    [{ name: 'a/b' }, 'INVALID_INPUT', 'letters'],
    [{ name: 'x', scopes: [] }, 'INVALID_INPUT', 'scopes'],
    [{ name: 'x', rate: { burst: 0, perSecond: 1 } }, 'INVALID_INPUT', 'burst'],
  ])('%j can not be added', (grant, code, words) => {
    addToken(file, { name: 'ci' });
    const before = readFileSync(file, 'utf8');
    expect(() => addToken(file, grant)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(readdirSync(join(folder, 'home'))).toEqual(['server-tokens.json']);
  });

  test('a token that is not there can’t be removed; one that somebody else changes the file for waits', () => {
    expect(() => removeToken(file, 'ci')).toThrow('no token "ci"');
    addToken(file, { name: 'ci' });
    writeFileSync(`${file}.lock`, '');
    expect(() => removeToken(file, 'ci')).toThrow(
      expect.objectContaining({ code: 'CONFLICT', hint: expect.stringContaining('remove it') }),
    );
    expect(namedTokens(file)).toHaveLength(1);
  });

  const entry = { name: 'ci', sha256: sha256('x') };
  test.each([
    ['{', 'no JSON'],
    ['[]', 'the whole'],
    [JSON.stringify({ tokens: [{ ...entry, token: 'secret' }] }), 'token'],
    [JSON.stringify({ tokens: [{ name: 'ci', sha256: 'x' }] }), 'tokens.0.sha256: must be 64'],
    [JSON.stringify({ tokens: [{ ...entry, scopes: ['root'] }] }), 'tokens.0.scopes.0'],
    [JSON.stringify({ tokens: [{ ...entry, name: 'environment' }] }), 'by itself'],
    [JSON.stringify({ tokens: [entry, { ...entry, sha256: sha256('y') }] }), 'of its own'],
    [JSON.stringify({ tokens: [entry, { ...entry, name: 'other' }] }), 'of its own'],
    [' '.repeat(2_000_000), 'larger'],
  ])('%.60s is refused, with what is wrong', (text, words) => {
    file = join(folder, 'tokens.json');
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => namedTokens(file)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(words),
        hint: expect.stringContaining('token add'),
      }),
    );
  });

  test.each([0o604, 0o640, 0o620, 0o602])('a file that others may open (%o) is refused, with what to do', (mode) => {
    addToken(file, { name: 'ci' });
    chmodSync(file, mode);
    const refused = expect.objectContaining({
      code: 'INVALID_INPUT',
      hint: expect.stringContaining(`chmod 600 ${file}`),
    });
    expect(() => namedTokens(file)).toThrow(refused);
    expect(() => addToken(file, { name: 'other' })).toThrow(refused);
    expect(statSync(file).mode & 0o777).toBe(mode);
  });

  test('a link, a pipe and a folder are refused, also for a change', () => {
    addToken(file, { name: 'ci' });
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    const pipe = join(folder, 'pipe.json');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    for (const [path, words] of [
      [link, 'it is a link'],
      [pipe, 'it is no file'],
      [folder, 'it is no file'],
    ] as const) {
      expect(() => namedTokens(path)).toThrow(words);
      expect(() => addToken(path, { name: 'other' })).toThrow(words);
    }
    expect(namedTokens(file)).toHaveLength(1);
  });

  test.skipIf(process.getuid?.() !== 0)('a file of somebody else’s is refused (needs root)', () => {
    addToken(file, { name: 'ci' });
    chownSync(file, 65_534, 65_534);
    expect(() => namedTokens(file)).toThrow('somebody else');
  });
});

test.each([
  ['with Node’s hashes', true],
  ['where there is only WebCrypto', false],
])('a token is known, and others are not: %s', async (_, hasNode) => {
  const real = process.getBuiltinModule;
  const spy = vi
    .spyOn(process, 'getBuiltinModule')
    .mockImplementation(((name: string) => (name === 'node:crypto' && !hasNode ? undefined : real(name))) as never);
  try {
    const here = stage();
    expect((await here.ask('/v1/sessions')).status).toBe(200);
    const other = { headers: { authorization: 'Bearer another-token-0123456789' } };
    expect((await here.ask('/v1/sessions', other)).status).toBe(401);
    expect(spy.mock.calls.length).toBeGreaterThan(0);
  } finally {
    spy.mockRestore();
  }
});
