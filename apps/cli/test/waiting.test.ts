import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, sessionIn } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

const MODEL = 'anthropic/claude-sonnet-4-5';

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

const start = (...words: string[]) => {
  const env = { ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: 'test' };
  return place.start(['run', '--model', MODEL, ...words], { env });
};
const says = (text: string) => anthropic.message({ text });

/** A session whose turn stands in a command until the file `go` is there. */
async function busy() {
  const command = 'until [ -e go ]; do sleep 0.05; done';
  fake.script(
    'anthropic',
    says('begun'),
    anthropic.message({ text: 'I wait.', toolCalls: [{ id: 'toolu_w', name: 'bash', input: { command } }] }),
    says('the first is done'),
    says('the second is done'),
  );
  const id = sessionIn((await start('begin').ended).err);
  const running = start('--session', id, '--permission', 'auto', 'first');
  await running.seen('err', 'until');
  const letGo = () => writeFileSync(join(place.work, 'go'), '');
  return { id, running, letGo };
}

it('--queue waits for the turn that runs elsewhere and is answered after it', async () => {
  const { id, running, letGo } = await busy();
  const waiting = start('--session', id, '--queue', 'second');
  await waiting.seen('err', 'busy');
  letGo();
  expect(await running.ended).toMatchObject({ code: 0, out: 'I wait.\nthe first is done\n' });
  expect(await waiting.ended).toMatchObject({ code: 0, out: 'the second is done\n' });
  expect(JSON.stringify(fake.requests[2]?.json['messages'])).not.toContain('second');
});

it('--steer becomes part of the turn that runs elsewhere, and shows its answer', async () => {
  const { id, running, letGo } = await busy();
  const steering = start('--session', id, '--steer', 'mind the gap');
  await steering.seen('err', 'busy');
  letGo();
  expect(await running.ended).toMatchObject({ code: 0, out: 'I wait.\nthe first is done\n' });
  expect(await steering.ended).toMatchObject({ code: 0, out: 'the first is done\n' });
  expect(JSON.stringify(fake.requests[2]?.json)).toContain('mind the gap');
  expect(fake.requests).toHaveLength(3);
});

it('a message whose sender was killed while it waited is answered first by the next one', async () => {
  const { id, running, letGo } = await busy();
  const waiting = start('--session', id, '--queue', 'second');
  await waiting.seen('err', 'busy');
  waiting.child.kill('SIGKILL');
  letGo();
  await running.ended;
  fake.script('anthropic', says('the third is done'));
  const third = await start('--session', id, 'third').ended;
  expect(third).toMatchObject({ code: 0, out: 'the third is done\n' });
  expect(third.err).toContain('waited');
  expect(JSON.stringify(fake.requests.at(-1)?.json)).toMatch(/second.*the second is done.*third/);
});

it('both at once is wrong usage', async () => {
  expect(await start('--queue', '--steer', 'hi').ended).toMatchObject({ code: 2 });
});
