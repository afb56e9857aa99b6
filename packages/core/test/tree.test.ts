import { expect, test } from 'vitest';
import type { SessionTree } from '../src/contracts/tree.ts';
import { headOf } from '../src/state/head.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { readSessions } from '../src/session/read.ts';
import { fold } from './support/fold.ts';
import { call, calls, say } from './support/model.ts';
import { stage, tool } from './support/stage.ts';

/** As people draw it. */
function drawn({ items }: SessionTree): string[] {
  const depth = new Map<string, number>();
  return items.map(({ id, parent, kind, message, head, more }) => {
    const level = parent === undefined ? 0 : (depth.get(parent) ?? NaN) + 1;
    depth.set(id, level);
    const facts = [kind, message, head === undefined ? 'gone' : undefined, more && 'more'].filter(Boolean);
    return `${'  '.repeat(level)}${id}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`;
  });
}

async function family() {
  const spawning = tool('work', {
    run: async (_input, context) => (await context.spawn({ prompt: 'below' }).outcome()).status,
  });
  const scene = stage({ tools: [spawning] });
  const { sessions, model } = scene;
  const root = await sessions.create({ model: 'test/model', title: 'The root' });
  model.script.push(say('a1'), calls(call('c1', 'work', '{}')), say('from below'), say('a2'));
  await root.message('one');
  await root.message('two');
  const [one, , , a2] = await root.getMessages();
  await root.fork({ newSessionId: 'left', fromMessage: one!.id });
  const right = await root.fork({ newSessionId: 'right' });
  await right.fork({ newSessionId: 'far' });
  return { ...scene, root, ids: { one: one!.id, a2: a2!.id, last: (await root.getMessages()).at(-1)!.id } };
}

test('a family is told from its top, whoever of it is asked for: copies with their last message, sub-sessions with the call', async () => {
  const { sessions, root, ids } = await family();
  const expected = [
    `${root.id}`,
    expect.stringMatching(/^ {2}s\d+ \(spawn, msg_\d+\)$/) as string,
    `  left (fork, ${ids.one})`,
    `  right (fork, ${ids.last})`,
    `    far (fork, ${ids.last})`,
  ];
  for (const id of [root.id, 'left', 'far']) {
    const tree = await sessions.tree(id);
    expect(tree.root).toBe(root.id);
    expect(drawn(tree).toSorted()).toEqual(expect.arrayContaining(expected));
    expect(tree.items).toHaveLength(expected.length);
  }
  const { items } = await sessions.tree('left');
  expect(items[0]?.head).toEqual(await sessions.info(root.id));
  const spawned = items.find(({ kind }) => kind === 'spawn');
  const caller = (await root.getMessages()).find(({ toolCalls }) => toolCalls !== undefined);
  expect(spawned?.message).toBe(caller?.id);
});

test('one that was deleted is still where the others hang, and only its id is known', async () => {
  const { sessions, root } = await family();
  await sessions.delete('right');
  expect(drawn(await sessions.tree('far'))).toEqual(['right (gone)', expect.stringMatching(/^ {2}far \(fork/)]);
  await sessions.delete(root.id);
  expect(drawn(await sessions.tree('left'))).toEqual([`${root.id} (gone)`, expect.stringMatching(/^ {2}left \(fork/)]);
  await expect(sessions.tree(root.id)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('below a session only, and never more than asked for, but for the way to it', async () => {
  const { sessions, root } = await family();
  expect(drawn(await sessions.tree('right', { below: true }))).toEqual(['right', expect.stringMatching(/^ {2}far/)]);
  for (let n = 0; n < 5; n += 1) await root.fork({ newSessionId: `more-${n}` });
  const few = await sessions.tree('far', { limit: 4 });
  expect(few.items.map(({ id }) => id)).toEqual(expect.arrayContaining([root.id, 'right', 'far']));
  expect(few.items.length).toBeLessThanOrEqual(6);
  expect(few.items[0]?.more).toBe(true);
  expect((await sessions.tree(root.id, { limit: 1000 })).items.some(({ more }) => more)).toBe(false);
  for (const limit of [0, 1.5, 1001])
    await expect(sessions.tree(root.id, { limit })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('sessions that name each other as their parents end all the same', async () => {
  const storage = memoryStorage();
  const { sessions } = stage({ storage });
  for (const [id, parent] of [
    ['a', 'b'],
    ['b', 'a'],
    ['c', 'c'],
  ] as const) {
    const first = await sessions.create({ model: 'test/model' });
    const { records = [] } = await first.export();
    const head = { ...headOf(id, fold(records as never)), parent: { id: parent, seq: 1 } };
    const lease = await storage.acquire(id, { owner: { name: 't' }, expect: 'new' });
    await storage.append(lease, { expected: 0, records: records.map((record) => JSON.stringify(record)), head });
    await lease.release();
  }
  expect((await sessions.tree('a')).items.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
  expect((await sessions.tree('c')).items.map(({ id }) => id)).toEqual(['c']);
});

test('it is read without a lease, a write or a history: a list a level, a few records a copy', async () => {
  const { sessions, root, storage } = await family();
  for (let n = 0; n < 400; n += 1) await root.update({ title: `named ${n}` });
  await root.fork({ newSessionId: 'late' });
  const refuse = (): never => expect.fail('a reader writes nothing');
  let lists = 0;
  let read = 0;
  const reader = readSessions({
    ...storage.inner,
    acquire: refuse,
    append: refuse,
    list: (query) => {
      lists += 1;
      return storage.inner.list(query);
    },
    async *read(id, range) {
      for await (const page of storage.inner.read(id, range)) {
        read += page.length;
        yield page;
      }
    },
  });
  expect(await reader.tree(root.id)).toEqual(await sessions.tree(root.id));
  expect(lists).toBe(3);
  expect(read).toBeLessThanOrEqual(5 * 256);
});
