import { expect, test } from 'vitest';
import { stage } from './support/stage.ts';
import { read } from './support/sse.ts';

test('a session is made, told, changed, listed and deleted', async () => {
  const { call } = stage();
  const made = await call('POST', '/v1/sessions', { title: 'One', tags: ['a'] });
  const { id } = made.body;
  expect(made).toMatchObject({ status: 201, body: { title: 'One', model: 'test/model', seq: 1 } });
  expect(made.headers.get('location')).toBe(`sessions/${id}`);
  expect(made.headers.get('etag')).toBe('"1"');
  expect(await call('GET', `/v1/sessions/${id}`)).toMatchObject({ status: 200, body: made.body });
  expect(await call('GET', `/v1/sessions/${id}`, undefined, { 'if-none-match': '"1"' })).toMatchObject({ status: 304 });
  expect(await call('PATCH', `/v1/sessions/${id}`, { title: 'Two' }, { 'if-match': '"1"' })).toMatchObject({
    status: 200,
    body: { title: 'Two', seq: 2 },
  });
  expect(await call('PATCH', `/v1/sessions/${id}`, { title: 'Three' }, { 'if-match': '"1"' })).toMatchObject({
    status: 412,
    body: { code: 'CONFLICT', status: 412 },
  });
  expect(await call('GET', '/v1/sessions?tag=a')).toMatchObject({ body: { items: [{ id, title: 'Two' }] } });
  expect(await call('GET', '/v1/sessions?tag=b')).toMatchObject({ body: { items: [] } });
  expect(await call('DELETE', `/v1/sessions/${id}`)).toMatchObject({ status: 204 });
  expect(await call('GET', `/v1/sessions/${id}`)).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
});

test('a message is answered with the session’s events, or with the last message', async () => {
  const { ask, call, session, model } = stage();
  model.script.push(['Hel', 'lo.'], ['Again.']);
  const id = await session();
  const response = await ask(`/v1/sessions/${id}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ content: 'Say hello.' }),
  });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const told = await read(response);
  expect(told[0]).toMatchObject({ event: 'started', id: undefined, data: { session: id } });
  expect(told[1]).toMatchObject({
    event: 'message',
    id: '2',
    data: { message: { role: 'user', content: 'Say hello.' } },
  });
  expect(
    told
      .filter(({ event }) => event === 'text')
      .map(({ data }) => data.content)
      .join(''),
  ).toBe('Hello.');
  expect(told.at(-2)).toMatchObject({ event: 'message', id: '3', data: { message: { content: 'Hello.' } } });
  expect(told.at(-1)).toMatchObject({ event: 'turn_end', id: '4', data: { status: 'done', turn: told[0]?.data.turn } });
  expect(await call('POST', `/v1/sessions/${id}/messages`, { content: 'Again.' })).toMatchObject({
    status: 200,
    body: { session: id, status: 'done', finishReason: 'stop', steps: 1, message: { content: 'Again.' } },
  });
  const { body } = await call('GET', `/v1/sessions/${id}/messages?limit=2`);
  expect(body.items.map(({ content }: { content: string }) => content)).toEqual(['Again.', 'Again.']);
  expect(body.before).toBe(5);
});

test('a session that somebody has changed is not deleted by who does not know it; nor one whose turn runs', async () => {
  const { call, session, model } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push(['One ', gate.promise, 'two.']);
  const id = await session();
  const remove = (tag: string) => call('DELETE', `/v1/sessions/${id}`, undefined, { 'if-match': tag });
  const changed = await call('PATCH', `/v1/sessions/${id}`, { title: 'Two' });
  expect(await remove('"1"')).toMatchObject({ status: 412, body: { code: 'CONFLICT', status: 412 } });
  const answer = call('POST', `/v1/sessions/${id}/messages`, { content: 'count' });
  await expect.poll(() => model.requests.length).toBe(1);
  expect(await remove(changed.headers.get('etag') ?? '')).toMatchObject({
    status: 409,
    body: { code: 'SESSION_BUSY' },
  });
  gate.resolve();
  expect(await answer).toMatchObject({ status: 200, body: { message: { content: 'One two.' } } });
  const now = await call('GET', `/v1/sessions/${id}`);
  expect(await remove(now.headers.get('etag') ?? '')).toMatchObject({ status: 204 });
  expect((await call('GET', `/v1/sessions/${id}`)).status).toBe(404);
});

test('a working directory is an absolute path: a relative one would be relative to where the server was started', async () => {
  const { call, session } = stage();
  const id = await session();
  for (const cwd of ['', 'src', './src', '..', '~/src', 'c:src']) {
    expect((await call('POST', '/v1/sessions', { cwd })).status).toBe(400);
    expect((await call('PATCH', `/v1/sessions/${id}`, { cwd })).status).toBe(400);
  }
  for (const cwd of ['/src', 'C:\\src', 'c:/src'])
    expect(await call('POST', '/v1/sessions', { cwd })).toMatchObject({ status: 201, body: { cwd } });
});

test('a condition is looked at, or refused', async () => {
  const { call, session } = stage();
  const id = await session();
  for (const path of ['fork', 'messages', 'abort'])
    expect(
      await call('POST', `/v1/sessions/${id}/${path}`, path === 'messages' ? { content: 'x' } : {}, {
        'if-match': '"9"',
      }),
    ).toMatchObject({ status: 400, body: { detail: expect.stringContaining('If-Match') } });
  expect((await call('GET', `/v1/sessions/${id}`)).body.seq).toBe(1);
});

test('what a query names must be there: a filter that is mistyped is told, and lists nothing', async () => {
  const { call, session } = stage();
  const id = await session();
  for (const path of [
    '/v1/sessions?statsu=active',
    `/v1/sessions/${id}/messages?al=true`,
    `/v1/sessions/${id}/events?last=1`,
    `/v1/sessions/${id}/export?redacted=false`,
    `/v1/sessions/${id}/tree?deep=1`,
    '/v1/search?q=a&page=2',
  ])
    expect(await call('GET', path)).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT' } });
});
