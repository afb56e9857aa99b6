import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from '@reprise/core';
import { createPromptSource } from '@reprise/prompts';
import { createModels } from '@reprise/providers';
import { fsStorage } from '@reprise/storage-fs';
import { createTools, permissionPolicy } from '@reprise/tools';

const folder = await mkdtemp(join(tmpdir(), 'reprise-example-'));

/** Called twice, this stands for two processes: nothing is shared but the files. */
function openSessions() {
  return createSessions({
    storage: fsStorage({ root: join(folder, 'sessions') }),
    models: createModels(),
    tools: createTools(),
    prompt: createPromptSource(),
    permissions: permissionPolicy({ mode: 'ask' }),
    cwd: folder,
    platform: process.platform,
  });
}

try {
  await writeFile(join(folder, 'notes.txt'), 'The harbour opens at six.\n');

  const first = openSessions();
  const session = await first.create({ model: 'demo/offline' });
  const called: string[] = [];
  for await (const chunk of session.message('read notes.txt')) {
    if (chunk.type === 'text') process.stdout.write(chunk.content);
    if (chunk.type === 'tool_call') called.push(chunk.tool);
  }
  await first.close();
  assert.deepEqual(called, ['read']);

  const second = openSessions();
  const resumed = await second.resume(session.id);
  const answer = await resumed.message('what did I ask before?');
  console.log(`\n\n${answer.content}`);
  assert.match(answer.content, /read notes\.txt/);

  const messages = await resumed.getMessages();
  assert.equal(messages[0]?.content, 'read notes.txt');
  assert.match(JSON.stringify(messages[1]?.toolResults), /opens at six/);
  await second.close();
} finally {
  await rm(folder, { recursive: true, force: true });
}
