import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSessions } from '@reprise/core';
import { toolCall } from '@reprise/fake-provider';
import { fsStorage } from '@reprise/storage-fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createServer } from '../src/index.ts';
import { AGENT } from './support/agent.ts';
import { TOKEN, stage } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

/** Starts a turn in a process of its own, and then waits for its end by a signal. */
const PROGRAM = fileURLToPath(new URL('support/hanging.ts', import.meta.url));

let root: string;
let end = async (): Promise<void> => undefined;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'reprise-status-'))));
afterEach(async () => {
  await end();
  rmSync(root, { recursive: true, force: true });
});

/** What the list and the session itself say: status, and whether it runs here. */
async function seen({ call }: Pick<Stage, 'call'>, id: string, query = '') {
  const listed = (await call('GET', `/v1/sessions${query}`)).body.items.find((one: { id: string }) => one.id === id);
  const { body } = await call('GET', `/v1/sessions/${id}`);
  const told = (head: any): unknown => head && [head.status, head.running];
  return { list: told(listed), info: told(body) };
}
const both = (...told: unknown[]) => ({ list: told, info: told });

test('a turn that runs here shows, in lists by status too; one that ended does not', async () => {
  const there = stage({}, { storage: fsStorage({ root }) });
  const { call, session, model, sessions } = there;
  const gate = Promise.withResolvers<void>();
  model.script.push(['Hel', gate.promise, 'lo']);
  const [id, other] = [await session(), await session()];
  expect(await seen(there, id)).toEqual(both('idle', undefined));
  const answer = call('POST', `/v1/sessions/${id}/messages`, { content: 'hello' });
  await expect.poll(() => model.requests.length).toBe(1);
  expect(await seen(there, id)).toEqual(both('active', true));
  expect(await seen(there, other)).toEqual(both('idle', undefined));
  const ids = async (query: string) =>
    (await call('GET', `/v1/sessions${query}`)).body.items.map((one: { id: string }) => one.id);
  expect(await ids('?status=active')).toEqual([id]);
  expect(await ids('?status=idle')).toEqual([other]);
  expect(await ids('?status=active&tag=none')).toEqual([]);
  expect(await ids('?status=error')).toEqual([]);
  gate.resolve();
  await answer;
  expect(await seen(there, id)).toEqual(both('idle', undefined));
  await sessions.close();
});

test('a sub-session runs too', async () => {
  const there = stage({}, { storage: fsStorage({ root }), tools: [AGENT] });
  const { call, session, model, sessions } = there;
  const gate = Promise.withResolvers<void>();
  model.script.push([toolCall('c1', 'agent', { prompt: 'Do it.' })], ['Sub', gate.promise], ['Done.']);
  const id = await session();
  const answer = call('POST', `/v1/sessions/${id}/messages`, { content: 'hello' });
  await expect.poll(() => model.requests.length).toBe(2);
  const [below] = (await call('GET', `/v1/sessions?parent=${id}`)).body.items;
  expect(below).toMatchObject({ status: 'active', running: true });
  const listed = async (query: string) =>
    (await call('GET', `/v1/sessions?${query}`)).body.items.map((item: { id: string }) => item.id);
  expect(await listed('spawned=true')).toEqual([below.id]);
  expect(await listed('spawned=false')).toEqual([id]);
  expect(await listed(`parent=${id}&spawned=false`)).toEqual([]);
  gate.resolve();
  await answer;
  expect(await seen(there, below.id, `?parent=${id}`)).toEqual(both('idle', undefined));
  await sessions.close();
});

test('a turn that another process runs, or that a crash left open, has no end yet and does not run here', async () => {
  const child = spawn(process.execPath, ['-C', '@reprise/source', '--no-warnings', PROGRAM, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  end = () => (child.kill('SIGKILL'), exit);
  const id = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim()));
    child.once('exit', () => reject(new Error('It ended.')));
  });
  const there = stage({}, { storage: fsStorage({ root }) });
  const { call, sessions, server } = there;
  expect((await seen(there, id)).info).toEqual(['active', undefined]);
  // It is found when the server looks for what a crash may have left.
  expect(await server.recover()).toMatchObject({ left: [id] });
  expect(await seen(there, id)).toEqual(both('active', undefined));
  const listed = async (query: string) =>
    (await call('GET', `/v1/sessions${query}`)).body.items.map((one: { id: string }) => one.id);
  expect(await Promise.all(['?status=active', '?status=idle', '?status=active&tag=x'].map(listed))).toEqual([
    [id],
    [],
    [],
  ]);
  expect((await call('GET', `/v1/sessions/${id}`)).body.seq).toBe((await sessions.load(id)).head.seq);
  await end();
  expect(await seen(there, id)).toEqual(both('active', undefined));
  expect(await server.recover()).toMatchObject({ settled: [id] });
  expect(await Promise.all(['?status=active', '?status=idle'].map(listed))).toEqual([[], [id]]);
  expect(await seen(there, id)).toEqual(both('idle', undefined));
  await sessions.close();
}, 30_000);

test('a session whose log can’t be read is told by its head', async () => {
  const storage = fsStorage({ root });
  const { session } = stage({}, { storage });
  const id = await session();
  const broken = {
    ...storage,
    read: () => {
      throw new Error('disk');
    },
  };
  const sessions = createSessions({ storage: broken, models: { resolve: () => Promise.reject(new Error('none')) } });
  const server = createServer(sessions, { tokens: [{ name: 'test', token: TOKEN }] });
  const request = new Request(`http://127.0.0.1/v1/sessions/${id}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(await (await server.fetch(request)).json()).toMatchObject({ id, status: 'idle' });
  await sessions.close();
});
