import { expect, test } from 'vitest';
import type { SessionStorage, StoredRecord } from '../src/contracts/storage.ts';
import { RepriseError } from '../src/errors.ts';
import { chunksOf, stage } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** The store after damage: some records read otherwise, some not at all, and the store says so after what it could read. */
function damage(
  storage: SessionStorage,
  change: (record: StoredRecord, id: string) => StoredRecord | undefined,
  told = true,
): void {
  const { read } = storage;
  (storage as { read: SessionStorage['read'] }).read = async function* (id, range) {
    let lost = false;
    for await (const page of read(id, range)) {
      const left = page.flatMap((record) => change(record, id) ?? []);
      lost ||= left.length < page.length;
      yield left;
    }
    if (lost && told)
      throw new RepriseError('STORAGE_DAMAGED', 'a record could not be read', { details: { damage: [] } });
  };
}

async function twoTurns() {
  const theatre = stage();
  const session = await theatre.sessions.create(start);
  await session.message('A');
  await session.message('B');
  const next = theatre.restart();
  return { ...theatre, ...next, id: session.id };
}

test('a record that is lost hides none of its neighbours: the session loads, warns at the next turn, and goes on', async () => {
  const { sessions, storage, id } = await twoTurns();
  damage(storage, (record) => (record.seq === 3 ? undefined : record));
  const session = await sessions.resume(id);
  const warnings: string[] = [];
  session.on('warning', ({ message }) => warnings.push(message));
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['A', 'B', 'ok']);
  expect((await session.message('C')).content).toBe('ok');
  expect(warnings).toContain('a record could not be read');
  const shown = await sessions.show(id);
  expect(shown.error).toMatchObject({ code: 'STORAGE_DAMAGED' });
  expect(shown.messages.map(({ content }) => content)).toEqual(['A', 'B', 'ok', 'C', 'ok']);
  await expect(session.export()).rejects.toMatchObject({ code: 'STORAGE_DAMAGED' });
});

test.each(['not json', '7', 'null', '[]', '{"no":"type"}'])(
  'a record that reads %j is damage, not an end',
  async (json) => {
    const { sessions, storage, id } = await twoTurns();
    damage(storage, (record) => (record.seq === 3 ? { ...record, json } : record));
    const session = await sessions.resume(id);
    expect((await session.message('C')).content).toBe('ok');
    expect((await sessions.show(id)).error).toMatchObject({
      code: 'STORAGE_DAMAGED',
      details: { damage: [{ seq: 3 }] },
    });
  },
);

test('a record of a type that is newer than this code is passed over and kept', async () => {
  const { sessions, storage, id } = await twoTurns();
  damage(storage, (record) => (record.seq === 3 ? { ...record, json: '{"type":"hologram"}' } : record));
  const session = await sessions.resume(id);
  expect((await session.message('C')).content).toBe('ok');
  expect(await sessions.show(id)).not.toHaveProperty('error');
  expect((await recordsOf(storage, id))[2]).toEqual({ type: 'hologram' });
});

test('an export keeps its place, so that what names records by their numbers stays right after an import', async () => {
  const { sessions, storage, id } = await twoTurns();
  const session = await sessions.resume(id);
  await session.message('C');
  await session.clearHistory({ keepLast: 2 });
  await session.message('D');
  const shown = (await session.getMessages()).map(({ content }) => content);
  // The end of the first turn, which names nothing and is named by nothing.
  const place = (await recordsOf(storage, id)).findIndex(({ type }) => type === 'turn-end');
  const json = '{"type":"hologram","a":1}';
  damage(storage, (record, of) => (of === id && record.seq === place + 1 ? { ...record, json } : record));
  const exported = await session.export();
  expect(exported.records?.[place]).toEqual({ type: 'hologram', a: 1 });
  const copy = await sessions.import(exported, { newId: true });
  expect((await copy.getMessages()).map(({ content }) => content)).toEqual(shown);
  expect((await recordsOf(storage, copy.id))[place]).toMatchObject({
    type: 'warning',
    message: 'A record of the type hologram was left out at import.',
  });
});

test('a checkpoint that can’t be read is only a shortcut lost', async () => {
  const { sessions, id, restart } = await twoTurns();
  await (await sessions.resume(id)).clearHistory({ keepLast: 2 });
  const whole = (await restart().sessions.resume(id)).head;
  for (const json of [
    '{"type":"checkpoint","at":"x"}',
    '{"type":"checkpoint","state":{"window":7}}',
    '{"type":"hologram"}',
    'x',
  ]) {
    const next = restart();
    damage(next.storage, (record) => (record.seq === whole.checkpoint ? { ...record, json } : record));
    const session = await next.sessions.resume(id);
    expect(session.head.messageCount).toBe(2);
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(['B', 'ok']);
  }
});

test('a session without a first record is STORAGE_DAMAGED; one of a newer format FORMAT_TOO_NEW, and nothing is written', async () => {
  const { storage, id, restart } = await twoTurns();
  const before = await recordsOf(storage, id);
  const headless = restart();
  damage(headless.storage, (record) => (record.seq === 1 ? undefined : record));
  await expect(headless.sessions.resume(id)).rejects.toMatchObject({ code: 'STORAGE_DAMAGED' });
  const newer = restart();
  damage(newer.storage, (record) =>
    record.seq === 1 ? { ...record, json: record.json.replace('"format":1', '"format":2') } : record,
  );
  await expect(newer.sessions.resume(id)).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
  expect(await recordsOf(storage, id)).toEqual(before);
});

/** A session whose last `count` records can't be read, though their numbers are taken. */
async function lostTail(count: number) {
  const theatre = await twoTurns();
  const tip = (await theatre.storage.head(theatre.id))?.seq ?? 0;
  const cut = tip - count;
  const lost = (record: StoredRecord): StoredRecord | undefined =>
    record.seq > cut && record.seq <= tip ? undefined : record;
  damage(theatre.storage, lost);
  return { ...theatre, tip, lost };
}

test('last records that can’t be read keep their numbers: heads, positions and what follows stand behind them', async () => {
  const { sessions, storage, id, tip } = await lostTail(2);
  expect((await sessions.show(id)).head.seq).toBe(tip);
  const session = await sessions.resume(id);
  expect(session.head.seq).toBe(tip);
  const chunks = await chunksOf(session.turn('C'));
  const stored = await recordsOf(storage.inner, id);
  const asked = stored.findLastIndex(({ type }) => type === 'message') + 1;
  expect(new Set(chunks.filter(({ type }) => type === 'text').map(({ at }) => at.seq))).toEqual(new Set([asked]));
  expect(session.head.seq).toBe(stored.length);
  expect(await storage.head(id)).toMatchObject({ seq: session.head.seq });
});

test('a checkpoint behind last records that can’t be read names the records of its window', async () => {
  const { sessions, id, restart, lost } = await lostTail(2);
  const session = await sessions.resume(id);
  await session.message('C');
  await session.clearHistory({ keepLast: 2 });
  expect(session.head.checkpoint).toBe(session.head.seq);
  const next = restart();
  damage(next.storage, lost);
  const again = await next.sessions.resume(id);
  await again.message('D');
  const asked = next.model.requests.at(-1)?.prompt.flatMap(({ role, content }) => (role === 'system' ? [] : [content]));
  expect(JSON.stringify(asked)).toContain('"C"');
  expect((await again.getMessages()).map(({ content }) => content)).toEqual(['C', 'ok', 'D', 'ok']);
});

test('pages of messages tell of the damage among the records that they looked at, and of no other', async () => {
  const { sessions, storage, id } = await twoTurns();
  damage(storage, (record) => (record.seq === 3 ? undefined : record));
  const texts = async (query: object) => {
    const { items, error } = await sessions.messages(id, query);
    return [items.map(({ content }) => content), error?.code];
  };
  expect(await texts({})).toEqual([['A', 'B', 'ok'], 'STORAGE_DAMAGED']);
  expect(await texts({ after: 0 })).toEqual([['A', 'B', 'ok'], 'STORAGE_DAMAGED']);
  // A full page ends before a store would tell.
  expect(await texts({ limit: 1 })).toEqual([['ok'], undefined]);
  expect(await texts({ limit: 2 })).toEqual([['B', 'ok'], 'STORAGE_DAMAGED']);
  expect(await texts({ limit: 1, before: 5 })).toEqual([['A'], 'STORAGE_DAMAGED']);
  expect(await texts({ after: 0, limit: 2 })).toEqual([['A', 'B'], 'STORAGE_DAMAGED']);
  expect(await texts({ after: 0, limit: 1 })).toEqual([['A'], 'STORAGE_DAMAGED']);
  expect(await texts({ after: 5, limit: 1 })).toEqual([['ok'], undefined]);
});

test('a log that was cut between two records looks whole, and is told all the same', async () => {
  const { sessions, storage, id } = await twoTurns();
  const tip = (await storage.head(id))?.seq ?? 0;
  damage(storage, (record) => (record.seq > tip - 2 ? undefined : record), false);
  const lost = { code: 'STORAGE_DAMAGED', details: { damage: [{ kind: 'sequence', seq: tip - 1 }] } };
  const shown = await sessions.show(id);
  expect(shown).toMatchObject({ error: lost, head: { seq: tip } });
  expect(shown.messages.map(({ content }) => content)).toEqual(['A', 'ok', 'B']);
  for (const query of [{}, { limit: 1 }, { after: 0 }])
    expect(await sessions.messages(id, query)).toMatchObject({ error: lost });
  const session = await sessions.resume(id);
  await expect(session.export()).rejects.toMatchObject(lost);
  const warnings: string[] = [];
  session.on('warning', ({ message }) => warnings.push(message));
  expect((await session.message('C')).content).toBe('ok');
  expect(warnings).toEqual([shown.error?.message]);
});

test('of a log that is gone altogether nothing loads, and that is no success', async () => {
  const { sessions, storage, id } = await twoTurns();
  damage(storage, () => undefined, false);
  const lost = { code: 'STORAGE_DAMAGED' };
  expect(await sessions.show(id)).toMatchObject({ error: lost, messages: [] });
  await expect(sessions.resume(id)).rejects.toMatchObject(lost);
});

test('a handle catches up with last records that it can’t read', async () => {
  const { sessions, id, restart, storage } = await twoTurns();
  const session = await sessions.resume(id);
  await (await restart().sessions.resume(id)).message('C');
  const tip = (await storage.head(id))?.seq ?? 0;
  damage(storage, (record) => (record.seq > tip - 2 && record.seq <= tip ? undefined : record));
  await sessions.resume(id);
  expect(session.head.seq).toBe(tip);
  await (await restart().sessions.resume(id)).message('D');
  expect((await session.message('E')).content).toBe('ok');
  expect(session.head.seq).toBe((await storage.head(id))?.seq);
});

test('a fork of a session with unreadable records keeps the numbers of all others', async () => {
  for (const copies of ['by the store', 'by reading', 'by reading, after the store gave up']) {
    const { sessions, storage, id, tip, restart, lost } = await lostTail(2);
    const changed = storage as { copy: SessionStorage['copy'] };
    if (copies === 'by reading') changed.copy = undefined;
    if (copies.endsWith('gave up'))
      changed.copy = async () => {
        throw new RepriseError('STORAGE_DAMAGED', 'no copy of this');
      };
    const session = await sessions.resume(id);
    const fork = await session.fork();
    expect(fork.head).toMatchObject({ seq: tip + 1, parent: { id, seq: tip } });
    await fork.message('C');
    await fork.clearHistory({ keepLast: 2 });
    const next = restart();
    if (copies === 'by the store') damage(next.storage, lost);
    const again = await next.sessions.resume(fork.id);
    expect((await again.getMessages()).map(({ content }) => content)).toEqual(['C', 'ok']);
    expect((await again.getMessages({ all: true })).map(({ content }) => content)).toEqual(['A', 'ok', 'B', 'C', 'ok']);
  }
});

test('a fork at a message behind a checkpoint that can’t be read is folded from the start', async () => {
  const { sessions, storage, id } = await twoTurns();
  const session = await sessions.resume(id);
  await session.clearHistory({ keepLast: 2 });
  await session.message('C');
  const { checkpoint } = session.head;
  damage(storage, (record) => (record.seq === checkpoint ? { ...record, json: '{"type":"hologram"}' } : record));
  const last = (await session.getMessages()).at(-1)?.id ?? '';
  const fork = await session.fork({ fromMessage: last });
  expect((await fork.getMessages()).map(({ content }) => content)).toEqual(['B', 'ok', 'C', 'ok']);
});

test.each(['its handle', 'who opens it'])(
  'another session that another process made under the id of one that is open here is read anew by %s',
  async (who) => {
    const { sessions, id, model, clock, restart } = await twoTurns();
    const session = await sessions.resume(id);
    const there = restart().sessions;
    await clock.advance(1000);
    const data = await (await there.create({ model: 'test/model' })).export();
    await there.delete(id);
    const another = await there.import({ ...data, id });
    for (const said of ['C', 'D', 'E']) await another.message(said);
    if (who === 'who opens it') expect((await sessions.resume(id)).head).toEqual(another.head);
    await session.message('F');
    expect(JSON.stringify(model.requests.at(-1)?.prompt)).not.toContain('"A"');
    const told = (await another.getMessages()).map(({ content }) => content);
    expect(told).toEqual(['C', 'ok', 'D', 'ok', 'E', 'ok', 'F', 'ok']);
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(told);
  },
);

test('a log that became shorter is read anew: a handle that stood behind its end goes on', async () => {
  const { sessions, storage, id, restart } = await twoTurns();
  const session = await sessions.resume(id);
  const cut = 3;
  const older = restart();
  const records = await recordsOf(storage, id);
  await older.sessions.delete(id);
  const lease = await storage.acquire(id, { owner: { name: 'backup' }, expect: 'new' });
  const texts = records.slice(0, cut).map((record) => JSON.stringify(record));
  await storage.append(lease, { expected: 0, records: texts, head: { ...session.head, seq: cut, checkpoint: 0 } });
  await lease.release();
  expect((await session.message('C')).content).toBe('ok');
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['A', 'ok', 'C', 'ok']);
  expect((await storage.head(id))?.seq).toBe(session.head.seq);
});
