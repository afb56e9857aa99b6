import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider, Reply } from '@reprise/fake-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lines, makePlace, sessionIn } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

const MODEL = 'anthropic/claude-sonnet-4-5';
const THINKING = 'Two files, both at once. ✓';

let fake: FakeProvider;
let place: Place;
let env: Record<string, string>;
beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
  place = makePlace();
  env = { ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: 'test' };
});
afterEach(async () => {
  await place.remove();
  await fake.close();
});

const run = (...words: string[]) => place.run(['run', '--model', MODEL, ...words], { env });
const start = (...words: string[]) => place.start(['run', '--model', MODEL, ...words], { env });
const says = (text: string) => anthropic.message({ text });
/** An answer that stops in the middle and holds the line. */
const stalls = (text: string): Reply => ({
  events: anthropic.message({ text: text + '.'.repeat(100), delta: text.length }),
  fault: { afterEvents: 4, then: 'stall' },
});

/** Text, thinking with a signature, two parallel calls, then an answer. */
function scriptTwoSteps(): void {
  writeFileSync(join(place.work, 'a.txt'), 'alpha\n');
  writeFileSync(join(place.work, 'b.txt'), 'beta\n');
  fake.script(
    'anthropic',
    anthropic.message({
      thinking: THINKING,
      text: 'I read both.',
      toolCalls: [
        { id: 'toolu_a', name: 'read', input: { path: 'a.txt' } },
        { id: 'toolu_b', name: 'read', input: { path: 'b.txt' } },
      ],
    }),
    anthropic.message({ text: 'They say alpha and beta.' }),
  );
}

describe('a turn with a provider', () => {
  it('streams text, thinks, runs two calls, and the next process sends the whole history back', async () => {
    scriptTwoSteps();
    const first = await run('read a.txt and b.txt');
    expect(first).toMatchObject({ code: 0, out: 'I read both.\nThey say alpha and beta.\n' });
    expect(first.err).toContain('→ read a.txt');
    expect(first.err).toContain('→ read b.txt');
    expect(fake.requests).toHaveLength(2);

    fake.script('anthropic', says('You asked for two files.'));
    const second = await place.run(['run', '--session', sessionIn(first.err), 'what did I ask?'], { env });
    expect(second).toMatchObject({ code: 0, out: 'You asked for two files.\n' });

    const { json, text } = fake.requests[2] ?? expect.fail('no third request');
    expect(json.messages.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ]);
    const [asked, called, results, answered, now] = json.messages;
    expect(JSON.stringify(asked)).toContain('read a.txt and b.txt');
    expect(called.content.map(({ type }: { type: string }) => type)).toEqual([
      'thinking',
      'text',
      'tool_use',
      'tool_use',
    ]);
    expect(called.content[0]).toMatchObject({ thinking: THINKING, signature: anthropic.signatureOf(THINKING) });
    expect(text).toContain(anthropic.signatureOf(THINKING));
    expect(results.content.map(({ tool_use_id }: { tool_use_id: string }) => tool_use_id)).toEqual([
      'toolu_a',
      'toolu_b',
    ]);
    expect(JSON.stringify(results.content[0])).toContain('alpha');
    expect(JSON.stringify(results.content[1])).toContain('beta');
    expect(JSON.stringify(answered)).toContain('They say alpha and beta.');
    expect(JSON.stringify(now)).toContain('what did I ask?');
  });

  it('as stream-json tells everything as it happens, in lines that parse', async () => {
    scriptTwoSteps();
    const { code, out } = await run('--output-format', 'stream-json', 'read both');
    expect(code).toBe(0);
    const all = lines(out);
    expect(all[0]).toMatchObject({ type: 'start', sessionId: expect.any(String), turn: expect.any(String) });
    const join = (type: string) =>
      all
        .filter((line) => line.type === type)
        .map(({ content }) => content)
        .join('');
    expect(join('reasoning')).toBe(THINKING);
    expect(join('text')).toBe('I read both.They say alpha and beta.');
    expect(all.filter(({ type }) => type === 'tool_call')).toMatchObject([
      { id: 'toolu_a', tool: 'read', params: { path: 'a.txt' } },
      { id: 'toolu_b', tool: 'read', params: { path: 'b.txt' } },
    ]);
    const results = all.filter(({ type }) => type === 'tool_result');
    expect(results.map(({ id }) => id).sort()).toEqual(['toolu_a', 'toolu_b']);
    expect(JSON.stringify(results)).toContain('alpha');
    expect(all.at(-1)).toMatchObject({
      type: 'end',
      sessionId: all[0].sessionId,
      status: 'done',
      message: { role: 'assistant', content: 'They say alpha and beta.' },
      usage: { input: 50, output: 30, total: 80 },
    });
  });

  it('as stream-json writes each line when it happens, not at the end', async () => {
    fake.script('anthropic', stalls('Early words'));
    const running = start('--output-format', 'stream-json', 'hi');
    await running.seen('out', 'Early words');
    running.child.kill('SIGINT');
    const { code, out } = await running.ended;
    expect(code).toBe(130);
    expect(lines(out).at(-1)).toMatchObject({ type: 'end', status: 'aborted' });
  });

  it('as json is one object on one line, whose usage is the turn', async () => {
    scriptTwoSteps();
    const { code, out } = await run('--output-format', 'json', 'read both');
    expect(code).toBe(0);
    expect(lines(out)).toEqual([
      {
        sessionId: expect.any(String),
        message: expect.objectContaining({ role: 'assistant', content: 'They say alpha and beta.' }),
        usage: { input: 50, output: 30, cached: 0, reasoning: 0, total: 80, cost: 0.0006 },
        status: 'done',
      },
    ]);
  });

  it('ends with the step limit: exit code 7', async () => {
    fake.fallback('anthropic', anthropic.message({ toolCalls: [{ name: 'glob', input: { pattern: '*' } }] }));
    const { code } = await run('--max-steps', '2', 'look for ever');
    expect(code).toBe(7);
    expect(fake.requests).toHaveLength(2);
  });

  it('ends with a budget: exit code 7, the limit by name, and nothing sent that does not fit', async () => {
    fake.fallback('anthropic', anthropic.message({ toolCalls: [{ name: 'glob', input: { pattern: '*' } }] }));
    const { code, err } = await run('--budget-tokens', '100', 'look for ever');
    expect(code).toBe(7);
    expect(err).toContain('The turn reached its limit of 100 tokens (maxTokens)');
    expect(fake.requests).toHaveLength(0);
  });

  it('sends the system prompt verbatim, and no tools for an empty list', async () => {
    fake.script('anthropic', says('Aye.'));
    await run('--system', 'Talk like a\npirate.', '--tools', '', 'hi');
    const { json } = fake.requests[0] ?? expect.fail('no request');
    expect(JSON.stringify(json.system)).toContain('Talk like a\\npirate.');
    expect(json.tools ?? []).toEqual([]);
  });
});

describe('one session, several processes', () => {
  it('two take turns, and a third in mid-turn is told that it is busy', async () => {
    fake.script('anthropic', says('one'), says('two'), stalls('three'));
    const id = sessionIn((await run('first')).err);
    expect(await run('--session', id, 'second')).toMatchObject({ code: 0, out: 'two\n' });

    const running = start('--session', id, 'third');
    await running.seen('out', 'three');
    const before = readFileSync(join(place.home, 'sessions', id, 'messages.json'));
    const refused = await run('--session', id, 'fourth');
    expect(refused).toMatchObject({ code: 8, out: '' });
    expect(refused.err).toContain('reprise: ');
    expect(await place.run(['session', 'show', id, '--json'])).toMatchObject({ code: 0 });
    expect(readFileSync(join(place.home, 'sessions', id, 'messages.json'))).toEqual(before);
    expect(fake.requests).toHaveLength(3);

    const json = await run('--session', id, '--output-format', 'stream-json', 'fifth');
    expect(json.code).toBe(8);
    expect(lines(json.out).at(-1)).toMatchObject({ type: 'error', code: 'SESSION_BUSY', sessionId: id });
    expect(json.err).toContain('--queue');

    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130 });
    fake.script('anthropic', says('six'));
    expect(await run('--session', id, 'sixth')).toMatchObject({ code: 0, out: 'six\n' });
    expect(JSON.stringify(fake.requests.at(-1)?.json)).not.toMatch(/fourth|fifth/);
  });
});

describe('a turn that is cut off', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s keeps what was said, says how to go on, and exits %i', async (signal, exit) => {
    fake.script('anthropic', stalls('Once upon a time'));
    const running = start('tell me a story');
    await running.seen('out', 'Once upon a time');
    running.child.kill(signal);
    const { code, out, err } = await running.ended;
    expect({ code, out }).toEqual({ code: exit, out: expect.stringMatching(/^Once upon a time\.*\n$/) });
    expect(err).not.toMatch(/\n\s+at /);

    fake.script('anthropic', says('there was a store.'));
    const next = await run('--session', sessionIn(err), 'go on');
    expect(next).toMatchObject({ code: 0, out: 'there was a store.\n' });
    expect(JSON.stringify(fake.requests.at(-1)?.json.messages)).toContain('Once upon a time');
  });

  it('kill -9 in mid-stream: the next process settles the turn and goes on', async () => {
    fake.script('anthropic', stalls('Once upon a time'));
    const running = start('tell me a story');
    await running.seen('out', 'Once upon a time');
    const [{ id }] = JSON.parse((await place.run(['session', 'list', '--json'])).out);
    // The draft is at most half a second behind what was shown.
    await new Promise((resolve) => setTimeout(resolve, 600));
    running.child.kill('SIGKILL');
    await running.ended;

    expect((await place.run(['session', 'show', id, '--json'])).code).toBe(0);
    fake.script('anthropic', says('there was a store.'));
    expect(await run('--session', id, 'go on')).toMatchObject({ code: 0, out: 'there was a store.\n' });
    const { messages } = JSON.parse((await place.run(['session', 'show', id, '--json'])).out);
    expect(messages.map(({ role }: { role: string }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(messages[1]).toMatchObject({
      finishReason: 'interrupted',
      content: expect.stringMatching(/^Once upon a time/),
    });
    expect(await place.run(['session', 'verify', id])).toMatchObject({ code: 0 });
  });

  it('a reader that goes away (| head) ends it quietly', async () => {
    fake.script('anthropic', stalls('Once upon a time'));
    const running = start('--output-format', 'stream-json', 'tell me a story');
    await running.seen('out', '"start"');
    running.child.stdout?.destroy();
    const { code, err } = await running.ended;
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  it('an error event after shown text is retried, and the text appears once', async () => {
    const answer = anthropic.message({ text: 'Hello world', delta: 4 });
    fake.script(
      'anthropic',
      { events: answer, fault: { afterEvents: 4, send: [anthropic.error('overloaded_error', 'Overloaded')] } },
      answer,
    );
    expect(await run('hi')).toMatchObject({ code: 0, out: 'Hello world\n' });
    expect(fake.requests).toHaveLength(2);
  });

  it.each([
    [401, 'authentication_error', 3],
    [400, 'invalid_request_error', 5],
  ])('HTTP %i %s gives exit code %i, one line and a hint how to go on', async (status, type, exit) => {
    fake.script('anthropic', { status, body: anthropic.errorBody(type, 'the reason') });
    const { code, out, err } = await run('hi');
    expect({ code, out }).toEqual({ code: exit, out: '' });
    expect(err).toMatch(/^reprise: /m);
    expect(err).not.toMatch(/\n\s+at /);
    expect(fake.requests).toHaveLength(1);
    fake.script('anthropic', says('better'));
    expect(await run('--session', sessionIn(err), 'again')).toMatchObject({ code: 0, out: 'better\n' });
  });
});

describe('permissions', () => {
  const write = () =>
    fake.script(
      'anthropic',
      anthropic.message({ toolCalls: [{ name: 'write', input: { path: 'new.txt', content: 'x' } }] }),
      says('As you wish.'),
    );

  it('nobody to ask is a no: the model is told, the turn goes on, exit code 0', async () => {
    write();
    const { code, out, err } = await run('write a file');
    expect({ code, out }).toEqual({ code: 0, out: 'As you wish.\n' });
    expect(err).toContain('✗');
    expect(() => readFileSync(join(place.work, 'new.txt'))).toThrow('ENOENT');
    expect(JSON.stringify(fake.requests[1]?.json.messages.at(-1))).toContain('tool_result');
  });

  it.each(['accept-edits', 'auto'])('%s writes unasked', async (mode) => {
    write();
    expect((await run('--permission', mode, 'write a file')).code).toBe(0);
    expect(readFileSync(join(place.work, 'new.txt'), 'utf8')).toBe('x');
  });

  it('a model that asks for the same three times and is denied each time ends the turn: exit code 6, and the session goes on', async () => {
    const wish = { name: 'write', input: { path: 'new.txt', content: 'x' } };
    fake.fallback('anthropic', anthropic.message({ toolCalls: [wish] }));
    const { code, out, err } = await run('--output-format', 'json', 'write a file');
    expect(code).toBe(6);
    expect(lines(out)).toMatchObject([{ status: 'failed', error: { code: 'PERMISSION_DENIED' } }]);
    expect(err).toMatch(/^reprise: write failed 3 times in a row/m);
    expect(err).not.toMatch(/\n\s+at /);
    expect(fake.requests).toHaveLength(3);
    expect(() => readFileSync(join(place.work, 'new.txt'))).toThrow('ENOENT');
    fake.script('anthropic', says('Then not.'));
    const next = await run('--session', lines(out)[0].sessionId, 'leave it');
    expect(next).toMatchObject({ code: 0, out: 'Then not.\n' });
  });

  it('deny forbids', async () => {
    write();
    expect((await run('--permission', 'deny', 'write a file')).code).toBe(0);
    expect(() => readFileSync(join(place.work, 'new.txt'))).toThrow('ENOENT');
  });
});
