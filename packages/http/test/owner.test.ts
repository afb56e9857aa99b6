import { memoryStorage } from '@reprise/core';
import { expect, test } from 'vitest';
import { ROUTES } from '../src/routes/all.ts';
import { ALICE, ALL, BOB, owned } from './support/owners.ts';
import type { Stage } from './support/stage.ts';

function shared(storage = memoryStorage()): Stage & Record<'alice' | 'bob' | 'all', Stage['call']> {
  const there = owned(storage);
  return { ...there, alice: there.as(ALICE), bob: there.as(BOB), all: there.as(ALL) };
}

const ids = (body: any): string[] => body.items.map(({ id }: { id: string }) => id).toSorted();

/** Bodies that a route takes, so that what is told is told of the session and not of the body. */
const BODIES: Record<string, unknown> = {
  sendMessage: { content: 'hello' },
  editMessage: { important: true },
  updateSession: { title: 'mine now' },
  answerApproval: { verdict: 'once' },
  rewindSession: { message: 'm1' },
};

test('a token that owns sees what it made, and nothing else', async () => {
  const { alice, bob, all } = shared();
  const hers = (await alice('POST', '/v1/sessions', { tags: ['work'] })).body;
  const his = (await bob('POST', '/v1/sessions', { tags: ['work'] })).body;
  const theirs = (await all('POST', '/v1/sessions')).body;
  expect(hers.tags).toEqual(['work', 'owner:alice']);
  for (const path of ['/v1/sessions', '/v1/sessions?tag=work', '/v1/search?q=word']) {
    expect([path, ids((await alice('GET', path)).body)]).toEqual([path, [hers.id]]);
    expect([path, ids((await bob('GET', path)).body)]).toEqual([path, [his.id]]);
  }
  expect(ids((await alice('GET', '/v1/sessions?tag=owner:bob')).body)).toEqual([]);
  expect(ids((await all('GET', '/v1/sessions')).body)).toEqual([hers.id, his.id, theirs.id].toSorted());
  expect((await alice('GET', `/v1/sessions/${hers.id}`)).status).toBe(200);
});

test('a list may ask for several tags, all of which a session must bear; nothing else may be asked twice', async () => {
  const { alice } = shared();
  const both = (await alice('POST', '/v1/sessions', { tags: ['a', 'b'] })).body.id;
  await alice('POST', '/v1/sessions', { tags: ['a'] });
  expect(ids((await alice('GET', '/v1/sessions?tag=b&tag=a')).body)).toEqual([both]);
  expect((await alice('GET', '/v1/sessions?tag=a')).body.items).toHaveLength(2);
  expect((await alice('GET', '/v1/sessions?limit=1&limit=2')).status).toBe(400);
});

test.each(ROUTES.filter(({ path }) => path.startsWith('/v1/sessions/{id}')).map((route) => [route.id, route] as const))(
  '%s answers for a session of somebody else as for none',
  async (id, { method, path }) => {
    const { alice, all, bob, sessions } = shared();
    const hers = (await alice('POST', '/v1/sessions')).body.id as string;
    const before = (await sessions.info(hers)).seq;
    const at = (session: string): string =>
      path
        .replace('{id}', session)
        .replace('{message}', 'm1')
        .replace(/\{\w+\}/g, 'x1');
    const answers = [await bob(method, at(hers), BODIES[id]), await bob(method, at('nosuchsession'), BODIES[id])];
    const [foreign, none] = answers.map(({ status, body }) =>
      JSON.stringify([status, body]).replaceAll(hers, 'ID').replaceAll('nosuchsession', 'ID'),
    );
    expect(answers[0]).toMatchObject({ status: 404, body: { code: 'SESSION_NOT_FOUND' } });
    expect(foreign).toBe(none);
    expect((await all('GET', `/v1/sessions/${hers}`)).body.seq).toBe(before);
  },
);

test('forks and imports belong to who makes them, under ids that tell nothing', async () => {
  const { alice, bob, all } = shared();
  const { id } = (await alice('POST', '/v1/sessions')).body;
  const fork = (await alice('POST', `/v1/sessions/${id}/fork`)).body;
  expect(ids((await alice('GET', `/v1/sessions?parent=${id}`)).body)).toEqual([fork.id]);
  expect(ids((await bob('GET', `/v1/sessions?parent=${id}`)).body)).toEqual([]);
  expect((await bob('GET', `/v1/sessions/${fork.id}`)).status).toBe(404);
  expect(await alice('POST', `/v1/sessions/${id}/fork`, { newSessionId: 'mine' })).toMatchObject({ status: 403 });

  const data = (await alice('GET', `/v1/sessions/${id}/export`)).body;
  const copy = (await bob('POST', '/v1/import', { session: data })).body;
  expect(copy.id).not.toBe(id);
  expect(copy.tags).toEqual(['owner:bob']);
  expect((await alice('GET', `/v1/sessions/${copy.id}`)).status).toBe(404);
  expect((await all('GET', '/v1/sessions')).body.items).toHaveLength(3);
});

test('what an owner’s key has made is found again by another server, and by no other owner', async () => {
  const storage = memoryStorage();
  const [one, two] = [shared(storage), shared(storage)];
  const key = { 'idempotency-key': 'k1' };
  const { id } = (await one.alice('POST', '/v1/sessions')).body;
  const data = (await one.alice('GET', `/v1/sessions/${id}/export`)).body;
  data.metadata.tags.push('owner:somebody', 'kept');
  const make = async (as: Stage['call']) => [
    (await as('POST', '/v1/sessions', { tags: ['work'] }, key)).body,
    (await as('POST', '/v1/import', { session: data, newId: true }, key)).body,
  ];
  const hers = await make(one.alice);
  expect(hers.map(({ tags }) => tags)).toEqual([
    ['work', 'owner:alice'],
    ['owner:alice', 'kept'],
  ]);
  expect((await make(two.alice)).map((session) => session.id)).toEqual(hers.map((session) => session.id));
  const his = await make(two.bob);
  expect(his.map(({ tags }) => tags)).toEqual([
    ['work', 'owner:bob'],
    ['kept', 'owner:bob'],
  ]);
  expect(ids((await one.all('GET', '/v1/sessions')).body)).toHaveLength(5);
  // Once it is somebody else's, the key opens it no more.
  await two.all('PATCH', `/v1/sessions/${hers[0].id}`, { tags: ['owner:bob'] });
  const three = shared(storage);
  expect((await three.alice('POST', '/v1/sessions', { tags: ['work'] }, key)).status).toBe(422);
});

test('an owner gives nothing away and takes nothing, with tags; who reaches all may', async () => {
  const { alice, bob, all } = shared();
  const { id } = (await alice('POST', '/v1/sessions')).body;
  for (const tags of [['owner:bob'], ['owner:alice', 'owner:bob']]) {
    expect((await alice('PATCH', `/v1/sessions/${id}`, { tags })).status).toBe(403);
    expect((await alice('POST', '/v1/sessions', { tags })).status).toBe(403);
  }
  expect((await alice('PATCH', `/v1/sessions/${id}`, { tags: ['x'] })).body.tags).toEqual(['x', 'owner:alice']);
  await all('PATCH', `/v1/sessions/${id}`, { tags: ['owner:bob'] });
  expect((await alice('GET', `/v1/sessions/${id}`)).status).toBe(404);
  expect((await bob('GET', `/v1/sessions/${id}`)).status).toBe(200);
});

test('a sub-session belongs to whom the one above it does', async () => {
  const { alice, bob, storage, sessions } = shared();
  const { id } = (await alice('POST', '/v1/sessions')).body;
  const lease = await storage.acquire('below', { owner: { name: 'test' }, expect: 'new' });
  const { tags: _, ...head } = await sessions.info(id);
  await storage.append(lease, {
    expected: 0,
    records: [
      JSON.stringify({
        type: 'session',
        format: 1,
        at: head.createdAt,
        model: { requested: 'test/model', name: 'test/model' },
        system: [],
        tools: [],
        named: true,
        settings: {},
        parent: { id, seq: 1, kind: 'spawn' },
      }),
    ],
    head: { ...head, id: 'below', seq: 1, parent: { id, seq: 1, kind: 'spawn' } },
  });
  await lease.release();
  expect((await alice('GET', '/v1/sessions/below')).status).toBe(200);
  expect((await bob('GET', '/v1/sessions/below')).status).toBe(404);
  expect(ids((await alice('GET', `/v1/sessions?parent=${id}`)).body)).toEqual(['below']);
  expect(ids((await bob('GET', `/v1/sessions?parent=${id}`)).body)).toEqual([]);
});

test('chats of the same name are different ones, also when they begin at once, and the name of a session opens none of others', async () => {
  const { alice, bob, all } = shared();
  const say = (as: Stage['call'], id: string) =>
    as('POST', '/v1/chat', {
      id,
      messages: [{ id: 'm1', role: 'user', parts: [{ type: 'text', text: 'hello' }] }],
    }).catch(() => undefined);
  await Promise.all([say(alice, 'Chat-1'), say(bob, 'Chat-1')]);
  const hers = (await alice('GET', '/v1/chat/Chat-1')).body;
  const his = (await bob('GET', '/v1/chat/Chat-1')).body;
  expect(hers.session).not.toBe(his.session);
  expect((await bob('GET', `/v1/chat/${hers.session}`)).body).toEqual({ id: hers.session, messages: [] });
  await say(bob, hers.session);
  expect((await bob('GET', `/v1/chat/${hers.session}`)).body.session).not.toBe(hers.session);
  expect((await all('GET', `/v1/sessions/${hers.session}`)).body).toMatchObject({ messageCount: 2 });
});
