import { expect, test } from 'vitest';
import { ALL, ALICE, BOB, owned } from './support/owners.ts';
import { stage } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

/** Two exchanges; the ids of the user's messages. */
async function talked({ call, session, model }: Pick<Stage, 'call' | 'session' | 'model'>) {
  const id = await session();
  for (const said of ['one', 'two']) {
    model.script.push([`to ${said}`]);
    await call('POST', `/v1/sessions/${id}/messages`, { content: said });
  }
  const { items } = (await call('GET', `/v1/sessions/${id}/messages`)).body;
  const [one, , two] = items.map((item: { id: string }) => item.id) as [string, string, string];
  const texts = async (query = ''): Promise<string[]> =>
    (await call('GET', `/v1/sessions/${id}/messages${query}`)).body.items.map(
      ({ content, takenBack }: { content: string; takenBack?: true }) => (takenBack ? `(${content})` : content),
    );
  return { id, one, two, texts, path: `/v1/sessions/${id}` };
}

test('a session is rewound to a message, which comes back to be said in other words', async () => {
  const at = stage();
  const { path, two, texts } = await talked(at);
  const done = await at.call('POST', `${path}/rewind`, { message: two });
  expect(done).toMatchObject({
    status: 200,
    body: { message: { id: two, content: 'two' }, session: { messageCount: 2 } },
  });
  expect(done.headers.get('etag')).toBe(`"${done.body.session.seq}"`);
  expect(await texts()).toEqual(['one', 'to one']);
  expect(await texts('?all=true')).toEqual(['one', 'to one', '(two)', '(to two)']);
  expect(await at.call('POST', `${path}/rewind`, { message: two })).toMatchObject({
    status: 400,
    body: { code: 'INVALID_INPUT' },
  });
  expect(await at.call('POST', `${path}/rewind`, {})).toMatchObject({ status: 400 });
});

test('what was last done is undone and done again, down to nothing', async () => {
  const at = stage();
  const { path, one, texts } = await talked(at);
  await at.call('DELETE', `${path}/messages/${one}`);
  const undo = () => at.call('POST', `${path}/undo`);
  const redo = () => at.call('POST', `${path}/redo`);
  expect((await undo()).body).toMatchObject({ what: 'delete', message: { id: one }, session: { messageCount: 4 } });
  expect((await undo()).body).toMatchObject({ what: 'exchange', message: { content: 'two' } });
  expect((await undo()).body).toMatchObject({ what: 'exchange', message: { content: 'one' } });
  const last = await undo();
  expect(last).toMatchObject({ status: 200, body: { what: null, session: { messageCount: 0 } } });
  for (const what of ['exchange', 'exchange', 'delete', null]) expect((await redo()).body.what).toBe(what);
  expect(await texts()).toEqual(['to one', 'two', 'to two']);
});

test('of two clients that know the same session one is first, and the other is told', async () => {
  const at = stage();
  const { path, two } = await talked(at);
  const known = { 'if-match': (await at.call('GET', path)).headers.get('etag') ?? '' };
  const answers = await Promise.all([
    at.call('POST', `${path}/rewind`, { message: two }, known),
    at.call('POST', `${path}/undo`, undefined, known),
    at.call('POST', `${path}/redo`, undefined, known),
  ]);
  // Which one is nobody's to say: they come at once.
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412]);
});

test('an undo that is sent twice under one key is made once', async () => {
  const at = stage();
  const { path, texts } = await talked(at);
  const key = { 'idempotency-key': 'k1' };
  const [first, again] = [
    await at.call('POST', `${path}/undo`, undefined, key),
    await at.call('POST', `${path}/undo`, undefined, key),
  ];
  expect(again.body).toEqual(first.body);
  expect(await texts()).toEqual(['one', 'to one']);
});

test('not while a turn runs', async () => {
  const at = stage();
  const { path, two } = await talked(at);
  at.model.script.push(['half', new Promise(() => undefined)]);
  const turn = at.ask(`${path}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ content: 'three' }),
  });
  const reader = (await turn).body?.getReader();
  await reader?.read();
  for (const [name, body] of [
    ['rewind', { message: two }],
    ['undo', undefined],
    ['redo', undefined],
  ] as const)
    expect(await at.call('POST', `${path}/${name}`, body)).toMatchObject({
      status: 409,
      body: { code: 'SESSION_BUSY' },
    });
  await at.call('POST', `${path}/abort`);
  await reader?.cancel();
});

test('whoever follows the session is told', async () => {
  const at = stage();
  const { path, id, two } = await talked(at);
  const after = (await at.call('GET', path)).body.seq as number;
  await at.call('POST', `${path}/rewind`, { message: two });
  await at.call('POST', `${path}/undo`);
  const stop = new AbortController();
  const seen: object[] = [];
  for await (const event of at.sessions.follow(id, { after, signal: stop.signal })) {
    seen.push(event);
    if (seen.length === 2) stop.abort();
  }
  expect(seen).toMatchObject([
    { type: 'rewind', message: two },
    { type: 'undo', what: 'rewind', message: two },
  ]);
});

test('a family is told from its top', async () => {
  const at = stage();
  const { id, one, path } = await talked(at);
  const fork = (await at.call('POST', `${path}/fork`, { fromMessage: one })).body.id;
  const tree = (await at.call('GET', `/v1/sessions/${fork}/tree`)).body;
  expect(tree).toMatchObject({
    root: id,
    items: [
      { id, head: { id, messageCount: 4 } },
      { id: fork, parent: id, kind: 'fork', message: one, head: { messageCount: 1 } },
    ],
  });
  expect((await at.call('GET', `/v1/sessions/${fork}/tree?below=true`)).body.items).toHaveLength(1);
  expect((await at.call('GET', `/v1/sessions/${fork}/tree?limit=0`)).status).toBe(400);
});

test('an owner sees no more of a family than is his', async () => {
  const { as } = owned();
  const [alice, bob, all] = [as(ALICE), as(BOB), as(ALL)];
  const { id } = (await alice('POST', '/v1/sessions')).body;
  const hers = (await alice('POST', `/v1/sessions/${id}/fork`)).body.id;
  const given = (await alice('POST', `/v1/sessions/${id}/fork`)).body.id;
  const below = (await alice('POST', `/v1/sessions/${given}/fork`)).body.id;
  await all('PATCH', `/v1/sessions/${given}`, { tags: ['owner:bob'] });
  const ids = async (call: Stage['call'], session: string) =>
    (await call('GET', `/v1/sessions/${session}/tree`)).body.items.map((item: { id: string }) => item.id);
  expect((await ids(all, below)).toSorted()).toEqual([id, hers, given, below].toSorted());
  expect(await ids(alice, id)).toEqual([id, hers]);
  expect(await ids(alice, below)).toEqual([below]);
  expect(await ids(bob, given)).toEqual([given]);
  expect((await bob('GET', `/v1/sessions/${given}/tree`)).body.items[0].parent).toBeUndefined();
  expect((await bob('GET', `/v1/sessions/${id}/tree`)).status).toBe(404);
});
