import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, expect, test } from 'vitest';
import { read } from './support/sse.ts';
import { TOKEN, stage } from './support/stage.ts';

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** A program of somebody else, listening. */
async function listening(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Fetch = ReturnType<typeof stage>['server']['fetch'];

/** Where a handler can be mounted, and the path that it is below then. */
const PLACES: Record<string, (fetch: Fetch) => Promise<string>> = {
  'a plain Node server': (fetch) => listening(getRequestListener(fetch)),
  'another hono app, below a path': async (fetch) => {
    const app = new Hono<{ Bindings: { session: string; operation: string } }>().get('/', (c) => c.text('theirs'));
    app.mount('/agents/one', fetch);
    return `${await listening(getRequestListener((request) => app.fetch(request, { session: 'theirs', operation: 'x' })))}/agents/one`;
  },
  'another hono app, beside its routes': async (fetch) => {
    const app = new Hono().get('/', (c) => c.text('theirs')).all('/v1/*', (c) => fetch(c.req.raw));
    return listening(getRequestListener(app.fetch));
  },
};

test.each(Object.entries(PLACES))('it mounts in %s', async (_, mount) => {
  const audit: object[] = [];
  const here = stage({ audit: (entry) => audit.push(entry) });
  here.model.script.push(['Hello.']);
  const base = await mount(here.server.fetch);
  const ask = (url: string | URL, init: RequestInit = {}) =>
    fetch(url, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...init.headers },
    });
  expect((await fetch(`${base}/v1/sessions`)).status).toBe(401);
  expect(audit).toEqual([expect.not.objectContaining({ session: 'theirs' })]);
  expect((await ask(`${base}/v1/sessions`, { headers: { origin: 'http://evil.example' } })).status).toBe(403);

  // Where a session is said to be, it is: relative to who made it.
  const placed: string[] = [];
  const make = async (path: string, body: object = {}) => {
    const made = await ask(`${base}${path}`, { method: 'POST', body: JSON.stringify(body) });
    const place = new URL(made.headers.get('location') ?? '', made.url);
    const { id } = (await (await ask(place)).json()) as { id: string };
    expect(place.href).toBe(`${base}/v1/sessions/${id}`);
    placed.push(id);
    return id;
  };
  const id = await make('/v1/sessions');
  await make(`/v1/sessions/${id}/fork`);
  await make('/v1/import', {
    session: [{ role: 'user', content: 'x', timestamp: '2030-01-01T00:00:00Z' }],
    model: 'test/model',
  });
  expect(new Set(placed).size).toBe(3);
  expect(audit.flatMap((entry) => ('session' in entry ? entry.session : []))).toEqual(expect.arrayContaining(placed));

  const sent = await ask(`${base}/v1/sessions/${id}/messages`, { method: 'POST', body: '{"content":"hi"}' });
  expect((await read(sent)).at(-1)).toMatchObject({ event: 'turn_end', data: { status: 'done' } });
});
