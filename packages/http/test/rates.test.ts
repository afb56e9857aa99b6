import type { Clock } from '@reprise/core';
import { expect, test, vi } from 'vitest';
import type { RequestEntry, ServerOptions } from '../src/index.ts';
import { ORIGIN, TOKEN, stage } from './support/stage.ts';

const WRONG = 'wrong-token-0123456789';

/** A stage whose time stands, until it is moved. */
function timed(options: Partial<ServerOptions> = {}) {
  let now = Date.parse('2030-01-01T00:00:00Z');
  const clock: Clock = { now: () => now, timer: () => () => undefined };
  const entries: RequestEntry[] = [];
  const there = stage({ clock, audit: (entry) => entries.push(entry), ...options });
  const from = (address: string | undefined, token: string, path = '/v1/sessions', init: RequestInit = {}) => {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
    const request = new Request(`${ORIGIN}${path}`, { ...init, headers });
    return there.server.fetch(request, address === undefined ? {} : { address });
  };
  return { ...there, from, entries, pass: (ms: number) => (now += ms) };
}

test('a token may ask so often, then waits; others don’t', async () => {
  const other = 'another-token-0123456789';
  const { from, pass } = timed({
    tokens: [
      { name: 'limited', token: TOKEN },
      { name: 'free', token: other, rate: { burst: 100, perSecond: 100 } },
    ],
    rate: { burst: 3, perSecond: 0.5 },
  });
  for (let i = 0; i < 3; i += 1) expect((await from(undefined, TOKEN)).status).toBe(200);
  const refused = await from(undefined, TOKEN);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
  expect(await refused.json()).toMatchObject({ code: 'RATE_LIMIT', status: 429, retryAt: '2030-01-01T00:00:02.000Z' });
  expect((await from(undefined, other)).status).toBe(200);
  pass(1999);
  expect((await from(undefined, TOKEN)).status).toBe(429);
  pass(1);
  expect((await from(undefined, TOKEN)).status).toBe(200);
  expect((await from(undefined, TOKEN)).status).toBe(429);
  // Never more than the burst, however long nobody asked.
  pass(3_600_000);
  for (let i = 0; i < 3; i += 1) expect((await from(undefined, TOKEN)).status).toBe(200);
  expect((await from(undefined, TOKEN)).status).toBe(429);
});

test('who guesses is stopped by address, before a guess is right; who was let in before is not', async () => {
  const other = 'another-token-0123456789';
  const { from, pass } = timed({
    tokens: [
      { name: 'one', token: TOKEN },
      { name: 'two', token: other },
    ],
  });
  expect((await from('10.0.0.1', TOKEN)).status).toBe(200);
  for (let i = 0; i < 20; i += 1) expect((await from('10.0.0.1', WRONG)).status).toBe(401);
  const refused = await from('10.0.0.1', WRONG);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  expect((await from('10.0.0.1', other)).status).toBe(429);
  expect((await from('10.0.0.1', TOKEN)).status).toBe(200);
  expect((await from('10.0.0.2', other)).status).toBe(200);
  expect((await from('10.0.0.1', WRONG, '/v1/health')).status).toBe(200);
  pass(5000);
  expect((await from('10.0.0.1', other)).status).toBe(200);
});

test('requests without a known address are not limited for wrong tokens', async () => {
  const { from } = timed();
  for (let i = 0; i < 40; i += 1) expect((await from(undefined, WRONG)).status).toBe(401);
});

test.each([
  { burst: 0, perSecond: 1 },
  { burst: 1, perSecond: 0 },
  { burst: NaN, perSecond: 1 },
])('a rate that lets nobody in is refused at the start: %j', (rate) => {
  expect(() => stage({ rate })).toThrow('rate');
});

test('the audit tells who did what, when and how it went, and nothing of what was said', async () => {
  const { from, entries, model } = timed();
  model.script.push(['a secret answer']);
  const json = { 'content-type': 'application/json', accept: 'application/json' };
  const made = await from('10.0.0.1', TOKEN, '/v1/sessions?x=secret', { method: 'POST', headers: json, body: '{}' });
  const { id } = (await made.json()) as { id: string };
  const body = JSON.stringify({ content: 'a secret question' });
  await (await from('10.0.0.1', TOKEN, `/v1/sessions/${id}/messages`, { method: 'POST', headers: json, body })).text();
  await from('10.0.0.2', WRONG);
  await from(undefined, TOKEN, '/v1/nothing');
  await from(undefined, TOKEN, '/v1/sessions', { headers: { origin: 'https://evil.example' } });
  const at = '2030-01-01T00:00:00.000Z';
  expect(entries).toEqual([
    {
      at,
      ms: 0,
      method: 'POST',
      status: 201,
      operation: 'createSession',
      token: 'test',
      session: id,
      address: '10.0.0.1',
    },
    {
      at,
      ms: 0,
      method: 'POST',
      status: 200,
      operation: 'sendMessage',
      token: 'test',
      session: id,
      address: '10.0.0.1',
    },
    { at, ms: 0, method: 'GET', status: 401, operation: 'listSessions', address: '10.0.0.2' },
    { at, ms: 0, method: 'GET', status: 404, token: 'test' },
    { at, ms: 0, method: 'GET', status: 403 },
  ]);
  for (const hidden of ['secret', TOKEN, WRONG, 'evil']) expect(JSON.stringify(entries)).not.toContain(hidden);
});

test('an audit that fails is reported, and the request is answered', async () => {
  const report = vi.fn();
  const { from } = timed({
    report,
    audit: () => {
      throw new Error('disk full');
    },
  });
  expect((await from(undefined, TOKEN)).status).toBe(200);
  expect(report).toHaveBeenCalledOnce();
});
