import { expect, test } from 'vitest';
import type { SessionStorage, StoredRecord } from '../src/contracts/storage.ts';
import { RepriseError } from '../src/errors.ts';
import { stage } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** The store after damage: some records read otherwise, some not at all, and the store says so after what it could read. */
function damage(
  storage: SessionStorage,
  change: (record: StoredRecord) => StoredRecord | undefined,
  told = true,
): void {
  const { read } = storage;
  (storage as { read: SessionStorage['read'] }).read = async function* (id, range) {
    let lost = false;
    for await (const page of read(id, range)) {
      const left = page.flatMap((record) => change(record) ?? []);
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
