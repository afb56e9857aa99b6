import { expect, test } from 'vitest';
import { stage } from './support/stage.ts';

test('a method that a path does not have is 405, with those that it has; a path that there is not is 404', async () => {
  const { ask } = stage();
  const allowed = async (method: string, path: string) => {
    const { status, headers } = await ask(path, { method });
    return [status, headers.get('allow')];
  };
  expect(await allowed('PUT', '/v1/sessions')).toEqual([405, 'POST, GET, HEAD']);
  expect(await allowed('OPTIONS', '/v1/sessions/s1')).toEqual([405, 'GET, HEAD, PATCH, DELETE']);
  expect(await allowed('POST', '/v1/health')).toEqual([405, 'GET, HEAD']);
  expect(await allowed('GET', '/v1/import')).toEqual([405, 'POST']);
  expect(await allowed('GET', '/v1/nothing')).toEqual([404, null]);
});

test('HEAD is GET without the body, and leaves no stream open', async () => {
  const { ask, call, session } = stage({ limits: { streams: 1 } });
  const id = await session();
  for (const path of ['/v1/sessions', `/v1/sessions/${id}`, `/v1/sessions/${id}/events`, '/v1/health']) {
    const answer = await ask(path, { method: 'HEAD' });
    expect([path, answer.status, await answer.text()]).toEqual([path, 200, '']);
  }
  expect((await ask('/v1/sessions/none', { method: 'HEAD' })).status).toBe(404);
  expect((await call('GET', '/v1/stats')).body.streams).toBe(0);
  expect((await ask(`/v1/sessions/${id}/events`)).status).toBe(200);
});
