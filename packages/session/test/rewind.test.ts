import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { anthropic } from '@reprise/fake-provider';
import type { Session } from '@reprise/core';
import { verifySession } from '@reprise/storage-fs';
import { MODELS, stageForEach } from './support.ts';

const stage = stageForEach();

const root = (): string => join(stage.folder, 'sessions');
const texts = async (session: Session) => (await session.getMessages()).map(({ content }) => content);
/** The messages of the last request, without the marks that tell a cache where to stop. */
const sent = (): unknown[] =>
  JSON.parse(
    JSON.stringify(stage.fake.requests.at(-1)?.json.messages, (name, value) =>
      name === 'cache_control' ? undefined : value,
    ),
  );

/** A new process, to which a file of the session may be lost. */
async function restarted(id: string, lost?: string): Promise<Session> {
  await stage.restart(() => lost === undefined || rmSync(join(root(), id, lost)));
  return stage.sessions.resume(id);
}

test('on files: a rewind and an undo survive restarts and lost summaries, the files stay sound, and the wire begins as it did', async () => {
  stage.fake.script('anthropic', ...['a1', 'a2', 'b2', 'c2'].map((text) => anthropic.message({ text })));
  const session = await stage.sessions.create({ model: MODELS.anthropic, tools: [] });
  const { id } = session;
  await session.message('one');
  await session.message('two');
  const before = sent();
  await session.rewind((await session.getMessages())[2]?.id ?? '');
  expect(verifySession(id, { root: root() })).toEqual([]);
  JSON.parse(readFileSync(join(root(), id, 'messages.json'), 'utf8'));

  const second = await restarted(id, 'state.json');
  expect(second.head.messageCount).toBe(2);
  expect(await texts(second)).toEqual(['one', 'a1']);
  await second.message('second');
  expect(sent().slice(0, -1)).toEqual(before.slice(0, -1));
  expect(JSON.stringify(sent())).not.toContain('two');

  const third = await restarted(id);
  expect(await third.undo()).toMatchObject({ what: 'exchange', message: { content: 'second' } });
  expect(await third.undo()).toMatchObject({ what: 'rewind' });
  const fourth = await restarted(id, 'state.json');
  expect(await texts(fourth)).toEqual(['one', 'a1', 'two', 'a2']);
  expect(await fourth.redo()).toMatchObject({ what: 'rewind' });
  await fourth.message('third');
  expect(await texts(await restarted(id))).toEqual(['one', 'a1', 'third', 'c2']);
});
