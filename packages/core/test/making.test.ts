import { expect, test } from 'vitest';
import { stage } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };
const marked = { newSessionId: 'mine', madeBy: 'request 1' };

test('a session may be given its id, and a mark of what made it, which it keeps', async () => {
  const { sessions } = stage();
  const session = await sessions.create({ ...start, ...marked });
  expect([session.id, session.madeBy]).toEqual(['mine', 'request 1']);
  await session.message('hello');
  expect((await sessions.load('mine')).madeBy).toBe('request 1');
  expect((await sessions.create(start)).madeBy).toBeUndefined();
  await expect(sessions.create({ ...start, ...marked })).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
});

test('a copy has the mark of what copied it, or none', async () => {
  const { sessions } = stage();
  const session = await sessions.create({ ...start, ...marked });
  expect((await session.fork()).madeBy).toBeUndefined();
  const copy = await session.fork({ newSessionId: 'copy', madeBy: 'request 2' });
  expect([copy.id, copy.madeBy]).toEqual(['copy', 'request 2']);
  const again = session.fork({ newSessionId: 'copy', madeBy: 'request 2' });
  await expect(again).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
});

test('an import takes over no mark from elsewhere; its own stands, also in a copy of something, with its own id and tags', async () => {
  const { sessions, storage } = stage();
  const session = await (await sessions.create({ ...start, ...marked, tags: ['old'] })).fork({ madeBy: 'request 2' });
  const data = await session.export();
  expect((await sessions.import({ ...data, id: 'bare' })).madeBy).toBeUndefined();
  const imported = await sessions.import(data, { newSessionId: 'taken', madeBy: 'request 3', tags: ['new'] });
  expect([imported.id, imported.madeBy, imported.head.tags]).toEqual(['taken', 'request 3', ['new']]);
  expect((await sessions.load('taken')).madeBy).toBe('request 3');
  // At once, so that no crash comes between.
  expect((await recordsOf(storage, 'taken')).map(({ type }) => type)).toEqual(['session', 'fork', 'change']);
  const said = [{ role: 'user', content: 'hello', timestamp: '2030-01-01T00:00:00Z' }];
  const made = await sessions.import(said, { ...start, newSessionId: 'said', madeBy: 'request 4', tags: ['new'] });
  expect([made.id, made.madeBy, made.head.tags]).toEqual(['said', 'request 4', ['new']]);
});

test('the mark is there behind a checkpoint', async () => {
  const { sessions, storage } = stage();
  const session = await sessions.create({ ...start, ...marked });
  while (session.head.checkpoint === 0) await session.message('x'.repeat(200_000));
  const { checkpoint } = session.head;
  expect((await recordsOf(storage, 'mine'))[checkpoint - 1]).toMatchObject({ type: 'checkpoint' });
  const other = stage({ storage }).sessions;
  expect((await other.load('mine')).madeBy).toBe('request 1');
});

test.each([[{ newSessionId: '../x' }], [{ madeBy: '' }], [{ madeBy: 'x'.repeat(201) }], [{ madeBy: 7 }]])(
  '%j is INVALID_INPUT, wherever it is given',
  async (making) => {
    const { sessions } = stage();
    const session = await sessions.create(start);
    const refused = { code: 'INVALID_INPUT' };
    await expect(sessions.create({ ...start, ...(making as object) })).rejects.toMatchObject(refused);
    await expect(session.fork(making as object)).rejects.toMatchObject(refused);
    await expect(sessions.import(await session.export(), making as object)).rejects.toMatchObject(refused);
    expect(await sessions.list()).toHaveLength(1);
  },
);
