import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from '@reprise/core';
import { createModels } from '@reprise/providers';
import sqliteStorage from './sqlite-storage.ts';

const folder = await mkdtemp(join(tmpdir(), 'reprise-example-'));

/** Called twice, this stands for two processes: nothing is shared but the database. */
function openSessions() {
  return createSessions({ storage: sqliteStorage({ path: join(folder, 'sessions.db') }), models: createModels() });
}

try {
  const first = openSessions();
  const session = await first.create({ model: 'demo/offline', tools: [] });
  await session.message('remember the harbour');
  await first.close();

  const second = openSessions();
  const resumed = await second.resume(session.id);
  const answer = await resumed.message('what did I ask before?');
  console.log(answer.content);
  assert.match(answer.content, /remember the harbour/);
  assert.equal((await second.list()).length, 1);
  const fork = await resumed.fork();
  assert.equal((await fork.getMessages()).length, 4);
  await second.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
