import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lines, makePlace } from './support/reprise.ts';
import type { Place, Running } from './support/reprise.ts';

let fake: FakeProvider;
let place: Place;
beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
  place = makePlace();
});
afterEach(async () => {
  await place.remove();
  await fake.close();
});

const start = (...words: string[]): Running =>
  place.start(words, { env: { ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: 'test' } });
const run = (...words: string[]): Running => start('run', '--model', 'anthropic/claude-sonnet-4-5', ...words);

/** A process whose turn waits for somebody to allow a command that leaves a mark each time it runs. */
async function waiting(...words: string[]) {
  const command = 'echo ran >> mark';
  fake.script(
    'anthropic',
    anthropic.message({ text: 'I need that.', toolCalls: [{ id: 'toolu_1', name: 'bash', input: { command } }] }),
    anthropic.message({ text: 'All done.' }),
  );
  const running = run('--on-ask', 'wait', ...words, 'go');
  await running.seen('err', 'session answer');
  const [id = ''] = readdirSync(join(place.home, 'sessions')).filter((name) => !name.startsWith('.'));
  const [ask] = JSON.parse((await start('session', 'approvals', id, '--json').ended).out);
  return { running, id, ask, command };
}

const mark = () => (existsSync(join(place.work, 'mark')) ? readFileSync(join(place.work, 'mark'), 'utf8') : '');
const stored = (id: string): any[] =>
  JSON.parse(readFileSync(join(place.home, 'sessions', id, 'messages.json'), 'utf8'));

it('a turn that waits in one process is answered by another', async () => {
  const { running, id, ask, command } = await waiting();
  expect(ask).toMatchObject({ call: 'toolu_1', tool: 'bash', input: { command }, access: { command } });
  expect((await start('session', 'approvals', id).ended).out).toContain(`${ask.id}  bash`);
  expect(mark()).toBe('');
  expect(await start('session', 'answer', id, ask.id, '--allow').ended).toMatchObject({ code: 0 });
  expect(await running.ended).toMatchObject({ code: 0, out: 'I need that.\nAll done.\n' });
  expect(mark()).toBe('ran\n');
  const late = await start('session', 'answer', id, ask.id, '--deny').ended;
  expect(late).toMatchObject({ code: 1, err: expect.stringContaining('has an answer already') as string });
  expect((await start('session', 'approvals', id, '--json').ended).out).toBe('[]\n');
});

it('a denial from another process reaches the model with its message', async () => {
  const { running, id, ask } = await waiting();
  await start('session', 'answer', id, ask.id, '--deny', '--message', 'Not on a Friday').ended;
  expect(await running.ended).toMatchObject({ code: 0 });
  expect(JSON.stringify(fake.requests[1]?.json)).toContain('Permission denied: Not on a Friday');
  expect(mark()).toBe('');
});

it('killed while it waits: the answer that comes meanwhile is used by the process that carries the turn on', async () => {
  const { running, id, ask } = await waiting();
  running.child.kill('SIGKILL');
  await running.ended;
  const [again] = JSON.parse((await start('session', 'approvals', id, '--json').ended).out);
  expect(again).toEqual(ask);
  expect(await start('session', 'answer', id, ask.id, '--allow').ended).toMatchObject({ code: 0 });
  expect(mark()).toBe('');
  const recovered = await start('run', '--session', id, '--recover').ended;
  expect(recovered).toMatchObject({ code: 0, out: 'All done.\n' });
  expect(mark()).toBe('ran\n');
  const answers = stored(id).filter(({ type }) => type === 'answer');
  expect(answers).toMatchObject([{ ask: ask.id, verdict: 'once' }]);
  expect(await start('run', '--session', id, '--recover').ended).toMatchObject({ code: 0, out: '' });
});

it('killed while it waits: the process that carries the turn on waits for the same question', async () => {
  const { running, id, ask } = await waiting();
  running.child.kill('SIGKILL');
  await running.ended;
  const second = start('run', '--session', id, '--recover');
  await second.seen('err', ask.id);
  await start('session', 'answer', id, ask.id, '--allow').ended;
  expect(await second.ended).toMatchObject({ code: 0, out: 'All done.\n' });
  expect(mark()).toBe('ran\n');
  expect(stored(id).filter(({ type }) => type === 'ask')).toHaveLength(1);
});

it('killed while it waits, and another prompt is sent: the call is settled and never runs', async () => {
  const { running, id, ask } = await waiting();
  running.child.kill('SIGKILL');
  await running.ended;
  expect(await run('--session', id, 'never mind').ended).toMatchObject({ code: 0, out: 'All done.\n' });
  expect(mark()).toBe('');
  expect(stored(id).filter(({ type }) => type === 'answer')).toMatchObject([{ ask: ask.id, verdict: 'cancelled' }]);
});

it('stream-json tells whoever reads it what to answer, and what was answered', async () => {
  const { running, id, ask } = await waiting('--output-format', 'stream-json');
  await start('session', 'answer', id, ask.id, '--deny').ended;
  const told = lines((await running.ended).out);
  expect(told.find(({ type }) => type === 'approval')).toMatchObject({
    sessionId: id,
    id: ask.id,
    call: 'toolu_1',
    tool: 'bash',
    fingerprint: ask.fingerprint,
    expires: ask.expires,
  });
  expect(told.find(({ type }) => type === 'answer')).toMatchObject({ id: ask.id, verdict: 'deny' });
});

it.each([
  [[], 0, 'nobody is there'],
  [['--on-ask', 'deny'], 0, 'nobody is there'],
  [['--on-ask', 'fail'], 6, undefined],
])('with nobody there, %j ends with code %i', async (words, code, told) => {
  fake.script(
    'anthropic',
    anthropic.message({ toolCalls: [{ id: 'toolu_1', name: 'bash', input: { command: 'echo ran >> mark' } }] }),
    anthropic.message({ text: 'Well.' }),
  );
  const ended = await run(...words, 'go').ended;
  expect(ended.code).toBe(code);
  expect(mark()).toBe('');
  expect(fake.requests).toHaveLength(code === 0 ? 2 : 1);
  if (told !== undefined) expect(JSON.stringify(fake.requests[1]?.json)).toContain(told);
  else expect(ended.err).toContain('bash needs a person to agree');
});
