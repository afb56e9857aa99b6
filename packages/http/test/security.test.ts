import { expect, test, vi } from 'vitest';
import { createServer } from '../src/index.ts';
import { ROUTES } from '../src/routes/all.ts';
import { ORIGIN, TOKEN, stage } from './support/stage.ts';

const paths = ROUTES.filter(({ scope }) => scope !== 'none').map(
  ({ method, path }) => [method, path.replace('{id}', 's1').replace('{message}', 'm1')] as const,
);

test.each(paths)('%s %s needs a token', async (method, path) => {
  const { ask } = stage();
  for (const authorization of ['', 'Bearer ', 'Bearer wrong-token-0123456789', `Basic ${btoa(`x:${TOKEN}`)}`, TOKEN]) {
    const response = await ask(path, { method, headers: { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    expect(await response.json()).toMatchObject({ code: 'AUTH', status: 401 });
  }
});

test('a token in the URL is none, and what there is not needs one too', async () => {
  const { ask } = stage();
  const none = { headers: { authorization: '' } };
  expect((await ask(`/v1/sessions?token=${TOKEN}&access_token=${TOKEN}`, none)).status).toBe(401);
  expect((await ask('/v1/nothing', none)).status).toBe(401);
  expect((await ask('/v1/nothing')).status).toBe(404);
  expect(await (await ask('/v1/health', none)).json()).toEqual({ status: 'ok' });
});

test('a token may do what its scopes say', async () => {
  const token = 'only-for-reading-0123';
  const { ask } = stage({ tokens: [{ name: 'reader', token, scopes: ['read'] }] });
  const as = { authorization: `Bearer ${token}` };
  expect((await ask('/v1/sessions', { headers: as })).status).toBe(200);
  for (const { method, path, scope } of ROUTES) {
    if (scope === 'read' || scope === 'none') continue;
    const response = await ask(path.replace('{id}', 's1').replace('{message}', 'm1'), { method, headers: as });
    expect([method, path, response.status]).toEqual([method, path, 403]);
  }
});

test('there is no server without a token, or with a short one', () => {
  const { sessions } = stage();
  expect(() => createServer(sessions, { tokens: [] })).toThrow('at least one');
  expect(() => createServer(sessions, { tokens: [{ name: 'x', token: 'short' }] })).toThrow('16');
});

test.each(['localhost:4000', 'LOCALHOST', '127.0.0.1:1', '[::1]:80'])('Host %s is this machine', async (host) => {
  const { ask } = stage();
  expect((await ask('/v1/sessions', { headers: { host } })).status).toBe(200);
});

test.each([
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'x@localhost',
  '0.0.0.0:4000',
  'localhost:',
  '',
])('Host %j is refused on every path, with the token too', async (host) => {
  const { ask } = stage();
  for (const path of ['/v1/health', '/v1/sessions', '/'])
    expect([path, (await ask(path, { headers: { host } })).status]).toEqual([path, 403]);
});

test('other host names and origins can be allowed, and only these', async () => {
  const { ask } = stage({ hosts: ['agent.example'], origins: ['https://app.example'] });
  const at = (host: string, origin?: string) =>
    ask('/v1/sessions', { headers: { host, ...(origin !== undefined && { origin }) } });
  expect((await at('agent.example:8080')).status).toBe(200);
  expect((await at('localhost')).status).toBe(403);
  const allowed = await at('agent.example', 'https://app.example');
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://app.example']);
  expect(allowed.headers.get('vary')).toContain('Origin');
  for (const origin of ['https://evil.example', 'http://app.example', 'https://app.example.evil.example', 'null'])
    expect([origin, (await at('agent.example', origin)).status]).toEqual([origin, 403]);
});

test('a page of another origin gets nothing, not even a preflight; the server’s own may ask', async () => {
  const { ask } = stage();
  const preflight = (origin: string) =>
    ask('/v1/sessions', {
      method: 'OPTIONS',
      headers: { origin, authorization: '', 'access-control-request-method': 'POST' },
    });
  const refused = await preflight('https://evil.example');
  expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  const own = await preflight(ORIGIN);
  expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([204, ORIGIN]);
  expect(own.headers.get('access-control-allow-headers')).toContain('Last-Event-ID');
});

test.each([
  ['text/plain', '{}', 415],
  ['application/x-www-form-urlencoded', 'a=1', 415],
  ['multipart/form-data; boundary=x', '--x--', 415],
  ['application/json; charset=latin1', '{}', 415],
  ['application/json', '{"title":', 400],
  ['application/json', '{"title":7}', 400],
  ['application/json', '{"titel":"x"}', 400],
  ['application/json', '[]', 400],
  ['application/json', JSON.stringify({ title: 'x'.repeat(5000) }), 413],
  ['application/json; charset=utf-8', '{"title":"x"}', 201],
])('a body of %s %.20s is %i', async (type, body, status) => {
  const { ask, sessions } = stage({ limits: { bodyBytes: 4000 } });
  const response = await ask('/v1/sessions', { method: 'POST', headers: { 'content-type': type }, body });
  expect(response.status).toBe(status);
  expect(await sessions.list()).toHaveLength(status === 201 ? 1 : 0);
});

test('a body that does not say its size is cut off at the limit', async () => {
  const { ask } = stage({ limits: { bodyBytes: 4000 } });
  let given = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 1000;
      controller.enqueue(new Uint8Array(1000).fill(32));
    },
  });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: endless, duplex: 'half' };
  expect((await ask('/v1/sessions', init as RequestInit)).status).toBe(413);
  expect(given).toBeLessThan(10_000);
});

const nested = (levels: number): string => '{"a":['.repeat(levels / 2) + '"}]{["' + ']}'.repeat(levels / 2);

test('a body that is nested too deep is refused, with a key and without; what is less deep comes out as it went in', async () => {
  const { ask, call } = stage();
  const post = (path: string, body: string, headers: object = {}) =>
    ask(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const session = (levels: number): string =>
    `{"session":[{"role":"user","content":"x","timestamp":"2030-01-01T00:00:00Z"},` +
    `{"role":"assistant","content":"y","timestamp":"2030-01-01T00:00:01Z",` +
    `"toolCalls":[{"id":"c","tool":"t","params":${nested(levels)}}],"toolResults":[{"id":"c","result":1}]}],"model":"test/model"}`;
  for (const headers of [{}, { 'idempotency-key': 'deep' }])
    for (const levels of [1000, 100_000]) {
      const refused = await post('/v1/import', session(levels), headers);
      expect([refused.status, await refused.json()]).toMatchObject([
        400,
        { detail: expect.stringContaining('nested') },
      ]);
    }
  const made = await post('/v1/import', session(980), { 'idempotency-key': 'less' });
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as { id: string };
  const { body } = await call('GET', `/v1/sessions/${id}/messages`);
  expect(JSON.stringify(body.items[1].toolCalls[0].params)).toBe(nested(980));
});

test.each(['../etc', '%2e%2e%2fetc', 'A', '.', 'a'.repeat(200), 'a%00b', '__proto__'])(
  'no id leads out of the store: %s',
  async (id) => {
    const { call } = stage();
    expect([400, 404]).toContain((await call('GET', `/v1/sessions/${id}`)).status);
  },
);

test('what nobody foresaw is reported, and told without its text', async () => {
  const report = vi.fn();
  const { call, sessions } = stage({ report });
  sessions.page = () => Promise.reject(new Error('secret in /home/me'));
  const { status, body } = await call('GET', '/v1/sessions');
  expect([status, body.code]).toEqual([500, 'INTERNAL']);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(report).toHaveBeenCalledOnce();
});

test('every answer is made harmless for browsers and caches', async () => {
  const { ask } = stage();
  for (const path of ['/v1/sessions', '/v1/nothing', '/v1/health', '/v1/sessions/none/events']) {
    const { headers } = await ask(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
  }
});
