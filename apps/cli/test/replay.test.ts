import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePlace, sessionIn } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

const MODEL = 'anthropic/claude-sonnet-4-5';
const KEY = 'the-key-that-nobody-may-see';

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

const run = (...words: string[]) => {
  const env = { ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: KEY };
  return place.run(['run', '--model', MODEL, '--permission', 'auto', ...words], { env });
};
const replay = (...words: string[]) => place.run(['session', 'replay', ...words]);

/** Two turns with commands. */
async function recorded(): Promise<{ readonly id: string; readonly file: string }> {
  const command = `echo ${KEY} >> ran; wc -l < ran`;
  const call = (id: string) => ({ id, name: 'bash', input: { command } });
  fake.script(
    'anthropic',
    anthropic.message({ thinking: 'Hm.', text: 'I run it.', toolCalls: [call('toolu_1'), call('toolu_2')] }),
    anthropic.message({ text: 'Done.' }),
    anthropic.message({ text: 'Again.', toolCalls: [call('toolu_3')] }),
    anthropic.message({ text: 'Done again.' }),
  );
  const id = sessionIn((await run('--record', 'talk.jsonl', 'go')).err);
  expect((await run('--record', 'talk.jsonl', '--session', id, 'again')).code).toBe(0);
  return { id, file: join(place.work, 'talk.jsonl') };
}

it('what was recorded is played again without network, key or effect; the first difference is exit code 1', async () => {
  const { id, file } = await recorded();
  await fake.close();
  const text = readFileSync(file, 'utf8');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(text).not.toContain(KEY);
  const ran = readFileSync(join(place.work, 'ran'), 'utf8');
  expect(await replay('talk.jsonl')).toMatchObject({ code: 0, out: '2 turns, the same records\n', err: '' });
  expect(await replay(id)).toMatchObject({ code: 0, out: '2 turns, the same records\n', err: '' });
  expect(readFileSync(join(place.work, 'ran'), 'utf8')).toBe(ran);

  writeFileSync(file, text.replace('"text":"again"', '"text":"once more"'));
  const other = await replay('talk.jsonl');
  expect(other.code).toBe(1);
  expect(other.out).toBe(
    `Turn 2 of ${id}, a request: prompt[5].content[0].text: "once more" on the cassette, "again" now.\n`,
  );
  const lenient = await replay('--lenient', '--json', 'talk.jsonl');
  expect([lenient.code, JSON.parse(lenient.out)]).toEqual([0, { turns: 2, skipped: [] }]);
});

it('what is no cassette is exit code 2, and stays as it is', async () => {
  writeFileSync(join(place.work, 'notes.txt'), 'mine');
  expect(await replay('notes.txt')).toMatchObject({ code: 2, out: '' });
  expect(await replay('no-such-session')).toMatchObject({ code: 4, out: '' });
  const refused = await run('--record', 'notes.txt', 'go');
  expect(refused.code).toBe(2);
  expect(refused.err).toContain('is no cassette');
  expect(readFileSync(join(place.work, 'notes.txt'), 'utf8')).toBe('mine');
  expect(fake.requests).toHaveLength(0);
});

it('a turn that was killed is compared as far as it was recorded', async () => {
  fake.script('anthropic', {
    events: anthropic.message({ text: 'A long answer to it.' }),
    fault: { afterEvents: 5, then: 'stall' },
  });
  const env = { ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: KEY };
  const running = place.start(['run', '--model', MODEL, '--record', 'cut.jsonl', 'go'], { env });
  await running.seen('out', 'A long');
  running.child.kill('SIGKILL');
  await running.ended;
  expect(await replay('cut.jsonl')).toMatchObject({ code: 0, out: '1 turn, the same records\n' });
});
