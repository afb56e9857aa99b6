import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolCall } from '@reprise/fake-provider';
import { defineTool, memoryStorage } from '@reprise/core';
import type { SessionStorage } from '@reprise/core';
import { fsStorage } from '@reprise/storage-fs';
import { expect, test } from 'vitest';
import { read } from './support/sse.ts';
import { stage } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

function gate() {
  return Promise.withResolvers<void>();
}

function send({ ask }: Stage, id: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return ask(`/v1/sessions/${id}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const textOf = (told: readonly { event: string; data: any }[]): string =>
  told.flatMap(({ event, data }) => (event === 'text' ? data.content : [])).join('');

test('who leaves the stream stops nothing; the events tell the rest from where they were', async () => {
  const here = stage();
  const { promise, resolve } = gate();
  here.model.script.push(['One ', promise, 'two.']);
  const id = await here.session();
  const seen = await read(await send(here, id, { content: 'count' }), ({ event }) => event === 'text');
  resolve();
  const last = seen.at(-1)?.id ?? '';
  expect(last).toBe('2.1.4.0');
  const rest = await read(
    await here.ask(`/v1/sessions/${id}/events`, { headers: { 'last-event-id': last } }),
    ({ event }) => event === 'turn_end',
  );
  expect(textOf(seen) + textOf(rest)).toBe('One two.');
  expect(rest.at(-1)?.data.status).toBe('done');
});

test('while a turn runs: refused, queued, or part of it', async () => {
  const here = stage();
  const { promise, resolve } = gate();
  here.model.script.push(['One ', promise, 'end.'], ['Steered.'], ['Queued.']);
  const id = await here.session();
  const first = await send(here, id, { content: 'first' });
  expect(await here.call('POST', `/v1/sessions/${id}/messages`, { content: 'now' })).toMatchObject({
    status: 409,
    body: { code: 'SESSION_BUSY' },
  });
  const queued = await send(here, id, { content: 'later', busy: 'queue' });
  const steering = await send(here, id, { content: 'left', busy: 'steer' });
  resolve();
  const [one, two, three] = await Promise.all([read(first), read(queued), read(steering)]);
  expect(one.at(-1)).toMatchObject({ event: 'turn_end', data: { steps: 2 } });
  expect([two[0]?.event, three[0]?.event]).toEqual(['queued', 'queued']);
  expect(three.at(-1)?.data.turn).toBe(one.at(-1)?.data.turn);
  expect(two.at(-1)?.data.turn).not.toBe(one.at(-1)?.data.turn);
  expect(two.at(-1)?.data.status).toBe('done');
  const { items } = (await here.call('GET', `/v1/sessions/${id}/messages`)).body;
  expect(items.map(({ content }: { content: string }) => content)).toEqual([
    'first',
    'One end.',
    'left',
    'Steered.',
    'later',
    'Queued.',
  ]);
});

test('the same key is one turn: at once, while it runs, afterwards', async () => {
  const here = stage();
  const { promise, resolve } = gate();
  here.model.script.push(['One ', promise, 'two.']);
  const id = await here.session();
  const key = { 'idempotency-key': 'k1' };
  const [a, b] = await Promise.all([
    send(here, id, { content: 'count' }, key),
    send(here, id, { content: 'count' }, key),
  ]);
  const during = send(here, id, { content: 'count' }, { ...key, accept: 'application/json' });
  expect((await send(here, id, { content: 'other' }, key)).status).toBe(409);
  const attachments = [{ text: 'notes' }];
  for (const more of [{ attachments }, { output: { type: 'object' } }, { model: 'test/model' }, { busy: 'queue' }])
    expect((await send(here, id, { content: 'count', ...more }, key)).status).toBe(409);
  resolve();
  const told = await Promise.all([read(a), read(b)]);
  expect(told[0]).toEqual(told[1]);
  expect(await (await during).json()).toMatchObject({ message: { content: 'One two.' } });
  const again = await read(await send(here, id, { content: 'count' }, key));
  expect(again.at(-2)).toMatchObject({ event: 'message', data: { message: { content: 'One two.' } } });
  expect(again.at(-1)).toEqual(told[0]?.at(-1));
  const json = { ...key, accept: 'application/json' };
  expect((await send(here, id, { content: 'count', attachments }, json)).status).toBe(409);
  // Of options nothing is compared any more.
  expect((await send(here, id, { content: 'count', busy: 'queue' }, json)).status).toBe(200);
  expect(here.model.requests).toHaveLength(1);
  expect((await send(here, id, { content: 'count' }, { 'idempotency-key': 'not a key!' })).status).toBe(400);
});

test('a session that is made with a key is made once', async () => {
  const { call, sessions } = stage();
  const key = { 'idempotency-key': 'make-1' };
  const [one, two] = await Promise.all([1, 2].map(() => call('POST', '/v1/sessions', { title: 'x' }, key)));
  expect(two).toEqual(one);
  expect(await call('POST', '/v1/sessions', { title: 'y' }, key)).toMatchObject({ status: 422 });
  expect(await sessions.list()).toHaveLength(1);
  expect(await call('POST', '/v1/sessions', { model: 'no/model' }, { 'idempotency-key': 'make-2' })).toMatchObject({
    status: 422,
    body: { code: 'MODEL_NOT_FOUND' },
  });
});

test('aborting keeps what was said; a failure is told with its code', async () => {
  const here = stage({ report: () => undefined }, { retry: { attempts: 1 } });
  here.model.script.push(['One ', gate().promise], [Object.assign(new Error('no'), { statusCode: 401 })]);
  const id = await here.session();
  const answer = await send(here, id, { content: 'count' });
  // Or the next turn would get this one's script.
  await expect.poll(() => here.model.requests.length).toBe(1);
  expect((await here.call('POST', `/v1/sessions/${id}/abort`, { reason: 'enough' })).status).toBe(204);
  expect((await read(answer)).at(-1)).toMatchObject({ data: { status: 'aborted', error: { code: 'ABORTED' } } });
  const failed = await here.call('POST', `/v1/sessions/${id}/messages`, { content: 'again' });
  expect([failed.status, failed.body.code]).toEqual([502, 'AUTH']);
});

test('what a person must agree to waits for an answer, which only a token for that may give', async () => {
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    input: { type: 'object' },
    replay: 'safe',
    run: async () => 'seen',
  });
  const here = stage(
    {
      tokens: [
        { name: 'test', token: 'test-token-0123456789' },
        { name: 'writer', token: 'writer-token-0123456789', scopes: ['read', 'write'] },
      ],
    },
    { tools: [look], permissions: { decide: () => ({ verdict: 'ask', reason: 'to be sure' }) }, onAsk: 'wait' },
  );
  here.model.script.push([toolCall('a', 'look')], ['Done.']);
  const id = await here.session();
  const events = await here.ask(`/v1/sessions/${id}/events`);
  const answer = await send(here, id, { content: 'look' });
  const told = await read(events, ({ event }) => event === 'approval');
  expect(told.at(-1)?.data).toMatchObject({ tool: 'look', reason: 'to be sure' });
  const { body } = await here.call('GET', `/v1/sessions/${id}/approvals`);
  expect(body.items).toMatchObject([{ tool: 'look', call: 'a', input: {} }]);
  const path = `/v1/sessions/${id}/approvals/${body.items[0].id}`;
  const writer = { authorization: 'Bearer writer-token-0123456789' };
  expect((await here.call('POST', path, { verdict: 'once' }, writer)).status).toBe(403);
  // Nor by the way of a chat.
  const part = {
    type: 'dynamic-tool',
    state: 'approval-responded',
    approval: { id: body.items[0].id, approved: true },
  };
  const chat = { id, messages: [{ id: 'm', role: 'assistant', parts: [part] }] };
  expect(await here.call('POST', '/v1/chat', chat, writer)).toMatchObject({
    status: 403,
    body: { code: 'PERMISSION_DENIED', status: 403 },
  });
  expect((await here.call('GET', `/v1/sessions/${id}/approvals`)).body.items).toHaveLength(1);
  expect((await here.call('POST', path, { verdict: 'maybe' })).status).toBe(400);
  expect((await here.call('POST', path, { verdict: 'once' })).status).toBe(204);
  const rest = await read(answer);
  expect(rest.find(({ event }) => event === 'answer')?.data).toMatchObject({ verdict: 'once', by: 'test' });
  expect(rest.find(({ event }) => event === 'tool_result')?.data).toMatchObject({ result: 'seen' });
  expect((await here.call('POST', path, { verdict: 'once' })).status).toBe(409);
});

test('the context, copies, exports and what was used', async () => {
  const here = stage();
  const { call } = here;
  here.model.script.push(['One.'], ['Two.']);
  const id = await here.session();
  await (await send(here, id, { content: 'first' })).text();
  await (await send(here, id, { content: 'second' })).text();
  const [message] = (await call('GET', `/v1/sessions/${id}/messages`)).body.items;
  const pinned = await call('PATCH', `/v1/sessions/${id}/messages/${message.id}`, { important: true });
  expect(pinned).toMatchObject({ status: 200, body: { important: true } });
  const etag = pinned.headers.get('etag') ?? '';
  expect((await call('POST', `/v1/sessions/${id}/prune`, { keepLast: 1 }, { 'if-match': etag })).status).toBe(200);
  expect(
    (await call('DELETE', `/v1/sessions/${id}/messages/${message.id}`, undefined, { 'if-match': etag })).status,
  ).toBe(412);
  const fork = await call('POST', `/v1/sessions/${id}/fork`);
  expect(fork).toMatchObject({ status: 201, body: { parent: { id } } });
  expect((await call('GET', `/v1/sessions?parent=${id}`)).body.items).toMatchObject([{ id: fork.body.id }]);
  expect((await call('POST', `/v1/sessions/${fork.body.id}/clear`)).body.messageCount).toBe(0);
  expect((await call('GET', `/v1/sessions/${fork.body.id}/messages`)).body).toEqual({ items: [] });
  expect((await call('GET', `/v1/sessions/${fork.body.id}/messages?all=true&limit=3`)).body.items).toHaveLength(3);
  const exported = (await call('GET', `/v1/sessions/${id}/export`)).body;
  expect((await call('POST', '/v1/import', { session: exported })).body.code).toBe('SESSION_EXISTS');
  const copy = await call('POST', '/v1/import', { session: exported, newId: true });
  expect(copy).toMatchObject({ status: 201, body: { messageCount: 4 } });
  const usage = await call('GET', `/v1/sessions/${id}/usage`);
  expect(usage.body).toMatchObject({ own: { total: { calls: 2, input: 20, output: 10 } }, context: { max: 100_000 } });
  expect((await call('GET', '/v1/search?q=first')).body.code).toBe('UNSUPPORTED');
  expect((await call('GET', '/v1/models')).body).toEqual({ items: [] });
  expect((await call('GET', '/v1/tools')).body).toEqual({ items: [] });
});

test.each(['-1', 'x', '1.2', '1.1.1.1.1', '99999999999999999'])(
  'the position %j is 400, one ahead of the session 409',
  async (after) => {
    const here = stage();
    const id = await here.session();
    expect((await here.call('GET', `/v1/sessions/${id}/events?after=${after}`)).status).toBe(400);
    const ahead = await here.call('GET', `/v1/sessions/${id}/events`, undefined, { 'last-event-id': '9' });
    expect(ahead).toMatchObject({ status: 409, body: { code: 'CONFLICT', status: 409 } });
  },
);

test('a message may be sent as soon as the end of the turn before it is told', async () => {
  const root = mkdtempSync(join(tmpdir(), 'reprise-http-'));
  const here = stage({}, { storage: fsStorage({ root }) });
  const id = await here.session();
  for (let n = 0; n < 10; n += 1) {
    here.model.script.push([`Answer ${n}`]);
    const response = await send(here, id, { content: `Question ${n}` });
    expect(response.status).toBe(200);
    expect((await read(response, ({ event }) => event === 'turn_end')).at(-1)?.data.status).toBe('done');
  }
  await here.server.close();
  await here.sessions.close();
  rmSync(root, { recursive: true });
});

test('the stream of a message begins with it, whatever another process stored since the session was used here', async () => {
  const storage = memoryStorage();
  const [here, there] = [stage({}, { storage }), stage({}, { storage })];
  here.model.script.push(['One.'], ['Three.']);
  there.model.script.push(['Two.']);
  const id = await here.session();
  await read(await send(here, id, { content: 'first' }));
  await read(await send(there, id, { content: 'second' }));
  const told = await read(await send(here, id, { content: 'third' }));
  expect(told.flatMap(({ event, data }) => (event === 'message' ? data.message.content : []))).toEqual([
    'third',
    'Three.',
  ]);
});

test('so does that of a message which another process has answered already', async () => {
  const storage = memoryStorage();
  const [here, there] = [stage({}, { storage }), stage({}, { storage })];
  here.model.script.push(['One.']);
  there.model.script.push(['Two.'], ['Three.']);
  const id = await here.session();
  await read(await send(here, id, { content: 'first' }));
  await read(await send(there, id, { content: 'second' }));
  const again = { 'idempotency-key': 'third' };
  await read(await send(there, id, { content: 'third' }, again));
  const told = await read(await send(here, id, { content: 'third' }, again));
  expect(told.flatMap(({ event, data }) => (event === 'message' ? data.message.content : []))).toEqual([
    'third',
    'Three.',
  ]);
});

test('a turn on a session that is open reads nothing of it before its lease, and nothing after', async () => {
  const inner = memoryStorage();
  const looks: string[] = [];
  const storage: SessionStorage = {
    ...inner,
    head: (session) => (looks.push('head'), inner.head(session)),
    read: (session, range) => (looks.push('read'), inner.read(session, range)),
  };
  const here = stage({}, { storage });
  here.model.script.push(['One.'], ['Two.']);
  const id = await here.session();
  await read(await send(here, id, { content: 'first' }));
  looks.length = 0;
  expect(textOf(await read(await send(here, id, { content: 'second' })))).toBe('Two.');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(looks).toEqual([]);
});

test('a session that another process deleted is not there for a message either', async () => {
  const storage = memoryStorage();
  const [here, there] = [stage({}, { storage }), stage({}, { storage })];
  here.model.script.push(['One.']);
  const id = await here.session();
  await read(await send(here, id, { content: 'first' }));
  await there.sessions.delete(id);
  expect((await send(here, id, { content: 'second' })).status).toBe(404);
});

test('a session that was deleted here and made anew under its id takes messages, whoever held the old one', async () => {
  const here = stage();
  here.model.script.push(['One.'], ['Two.']);
  const id = await here.session();
  await read(await send(here, id, { content: 'first' }));
  // As a program does in which the server is mounted.
  const exported = await (await here.sessions.load(id)).export();
  await here.sessions.delete(id);
  await here.sessions.import(exported);
  expect(textOf(await read(await send(here, id, { content: 'second' })))).toBe('Two.');
});
