import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  anthropic,
  google,
  openaiChat,
  openaiResponses,
  startFakeProvider,
  validateRequest,
} from '@reprise/fake-provider';
import type { Dialect, FakeProvider, RecordedRequest, WireEvent } from '@reprise/fake-provider';
import { MODELS, environmentOf, temporaryFolder } from './support.ts';
import type { Done, Job } from './wire/other-process.ts';

let fake: FakeProvider;
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
  folder = temporaryFolder();
});
afterEach(async () => {
  await fake.close();
  folder.remove();
});

const PROGRAM = fileURLToPath(new URL('./wire/other-process.ts', import.meta.url));

/** What a new process makes of the jobs. Nothing is shared with it but the folder and the providers. */
async function inNewProcess(...jobs: Job[]): Promise<Done[]> {
  const args = ['--conditions=@reprise/source', PROGRAM, JSON.stringify(jobs)];
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { ...environmentOf(fake), REPRISE_HOME: folder.path, PATH, NODE_COMPILE_CACHE };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: folder.path, timeout: 60_000 });
  return JSON.parse(stdout) as Done[];
}

const calls = (ids: string, ats: readonly string[]) =>
  ats.map((at) => ({ id: `call_${ids}_${at === 'ä' ? 'a' : at}`, name: 'look', input: { at } }));

/** One turn of three steps with all that a dialect carries: reasoning, text and parallel calls; reasoning and a call; an answer. */
const TURNS: Record<Dialect, (n: string) => readonly (readonly WireEvent[])[]> = {
  anthropic: (n) => [
    anthropic.message({ thinking: `Höm ${n}.`, redacted: 'cmVk', text: 'I look.', toolCalls: calls(n, ['ä', 'b']) }),
    anthropic.message({ thinking: `Again ${n}.`, toolCalls: calls(n, ['c']) }),
    anthropic.message({ thinking: `So ${n}.`, text: `Seen ${n}.` }),
  ],
  'openai-responses': (n) => [
    openaiResponses.message({
      reasoning: { id: `rs_${n}1`, summary: [`Höm ${n}.`, 'Two.'] },
      text: 'I look.',
      toolCalls: calls(n, ['ä', 'b']),
    }),
    openaiResponses.message({ reasoning: { id: `rs_${n}2`, summary: [] }, toolCalls: calls(n, ['c']) }),
    openaiResponses.message({ reasoning: { id: `rs_${n}3`, summary: [`So ${n}.`] }, text: `Seen ${n}.` }),
  ],
  'openai-chat': (n) => [
    openaiChat.message({ reasoning: `Höm ${n}.`, text: 'I look.', toolCalls: calls(n, ['ä', 'b']) }),
    openaiChat.message({ reasoning: `Again ${n}.`, toolCalls: calls(n, ['c']) }),
    openaiChat.message({ reasoning: `So ${n}.`, text: `Seen ${n}.` }),
  ],
  google: (n) => [
    google.message({ thinking: `Höm ${n}.`, text: 'I look.', toolCalls: calls(n, ['ä', 'b']) }),
    google.message({ thinking: `Again ${n}.`, toolCalls: calls(n, ['c']) }),
    google.message({ thinking: `So ${n}.`, text: `Seen ${n}.` }),
  ],
};
const dialects = Object.keys(TURNS) as Dialect[];

/** The conversation in a request, byte for byte but for cache marks, which move. */
function conversation({ json }: RecordedRequest): string {
  const items: unknown = json.messages ?? json.input ?? json.contents;
  return JSON.stringify(items, (key, value: unknown) => (key === 'cache_control' ? undefined : value)).slice(1, -1);
}

/** What only its provider can read. */
const opaque = (request: RecordedRequest): string[] =>
  [
    ...conversation(request).matchAll(
      /"(?:signature|data|encrypted_content|reasoning_content|thoughtSignature)":"([^"]+)"/g,
    ),
  ].map((match) => match[1] as string);

describe.each(dialects)('%s', (from) => {
  const others = dialects.filter((dialect) => dialect !== from);

  const name =
    'a turn of several steps goes on in a new process, with its own model and with every other, and comes back';
  test(name, { timeout: 60_000 }, async () => {
    fake.script(from, ...TURNS[from]('one'));
    const [begun] = (await inNewProcess({ model: MODELS[from], say: 'Look' })) as [Done];
    expect(begun.answer).toBe('Seen one.');
    expect(begun.messages).toMatchObject([
      { role: 'user', content: 'Look' },
      { content: 'I look.', toolCalls: [{ params: { at: 'ä' } }, { params: { at: 'b' } }] },
      { toolCalls: [{ params: { at: 'c' } }], toolResults: [{ result: 'seen c' }] },
      { content: 'Seen one.', finishReason: 'stop' },
    ]);
    expect(fake.requests).toHaveLength(3);
    const third = fake.requests[2] as RecordedRequest;

    // In the next process the same model goes on, and then every other one with a fork of it.
    fake.script(from, ...TURNS[from]('two'));
    for (const to of others) fake.script(to, ...TURNS[to]('three'));
    const [resumed, ...forks] = (await inNewProcess(
      { id: begun.id, say: 'And now?' },
      ...others.map((to): Job => ({ id: begun.id, fork: true, model: MODELS[to], say: 'And you?' })),
    )) as [Done, ...Done[]];
    expect([resumed, ...forks].map(({ answer }) => answer)).toEqual(['Seen two.', ...others.map(() => 'Seen three.')]);

    // The same model: all of it is there again, byte for byte.
    expect(resumed.id).toBe(begun.id);
    expect(resumed.messages.slice(0, begun.messages.length)).toEqual(begun.messages);
    const fourth = fake.requests[3] as RecordedRequest;
    expect(conversation(fourth).startsWith(conversation(third))).toBe(true);
    expect(conversation(fourth)).toContain('And now?');
    const kept = opaque(fake.requests[5] as RecordedRequest);
    expect(kept.length).toBeGreaterThan(2);

    // Every other model: what was said, called and seen, and nothing that only the first one can read.
    const switched = fake.requests.slice(6);
    expect(switched.map(({ dialect }) => dialect)).toEqual(others.flatMap((to) => [to, to, to]));
    for (const [i, to] of others.entries()) {
      const first = switched[i * 3] as RecordedRequest;
      for (const text of ['Look', 'I look.', 'seen ä', 'seen b', 'seen c', 'Seen one.', 'Seen two.', 'And you?'])
        expect(conversation(first), to).toContain(text);
      for (const secret of kept) expect(conversation(first), to).not.toContain(secret);
    }

    // Back with the first: its own parts stand where they stood, and those of the others are not there.
    fake.script(from, ...others.flatMap(() => TURNS[from]('four')));
    const theirs = others.flatMap((_, i) => opaque(switched[i * 3 + 2] as RecordedRequest));
    const at = fake.requests.length;
    await inNewProcess(...forks.map(({ id }): Job => ({ id, model: MODELS[from], say: 'You again' })));
    const back = fake.requests.slice(at);
    expect(back).toHaveLength(9);
    for (const i of [0, 3, 6]) {
      const first = back[i] as RecordedRequest;
      expect(opaque(first).slice(0, kept.length)).toEqual(kept);
      expect(conversation(first).startsWith(conversation(fake.requests[5] as RecordedRequest))).toBe(true);
      for (const secret of theirs.filter((each) => each !== 'skip_thought_signature_validator'))
        if (!kept.includes(secret)) expect(conversation(first)).not.toContain(`"${secret}"`);
    }
    for (const request of fake.requests) expect(validateRequest(request)).toEqual([]);
  });
});
