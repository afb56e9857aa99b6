import { expect, test } from 'vitest';
import { readSessions } from '../src/session/read.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import type { SessionStorage } from '../src/contracts/storage.ts';
import { stage } from './support/stage.ts';

/** A store in which whatever writes or takes a lease throws. */
function readOnly(storage: SessionStorage): SessionStorage {
  const refuse = (): never => expect.fail('a reader writes nothing');
  return { ...storage, acquire: refuse, append: refuse, remove: refuse, close: refuse };
}

test('a reader finds what the doors find, without a lease, a write or a model', async () => {
  const storage = memoryStorage();
  const { sessions } = stage({ storage });
  const made = [];
  for (const title of ['One', 'Two', 'Three']) made.push(await sessions.create({ model: 'test/model', title }));
  const [one] = made;
  await one?.message('hi');
  const reader = readSessions(readOnly(storage));
  expect(await reader.list()).toEqual(await sessions.list());
  expect(await reader.page({ limit: 2 })).toEqual(await sessions.page({ limit: 2 }));
  const id = one?.id ?? '';
  expect(await reader.info(id)).toEqual(one?.head);
  expect(await reader.show(id)).toEqual({ head: one?.head, messages: await one?.getMessages() });
});

test('a reader says which session there is not, and which can not be', async () => {
  const reader = readSessions(memoryStorage());
  await expect(reader.info('absent')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await expect(reader.show('absent')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await expect(reader.show('../x')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
