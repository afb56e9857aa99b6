import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lines, makePlace, sessionIn } from './support/reprise.ts';
import type { Place, RunOptions } from './support/reprise.ts';

let place: Place;
let id: string;
beforeAll(async () => {
  place = makePlace();
  id = sessionIn((await place.run(['run', '--model', 'demo/offline', 'hello'])).err);
  writeFileSync(join(place.work, 'broken.json'), '{"format":1,');
  writeFileSync(join(place.work, 'foreign.json'), '{"hello":"world"}');
});
afterAll(() => place.remove());

const DEMO = ['run', '--model', 'demo/offline'];
const stored = () => readFileSync(join(place.home, 'sessions', id, 'messages.json'), 'utf8');

interface Case {
  readonly what: string;
  readonly words: () => string[];
  readonly code: number;
  readonly says: RegExp;
  readonly options?: RunOptions;
}

const CASES: readonly Case[] = [
  {
    what: 'no model and no key, in a pipe',
    words: () => ['run', 'hi'],
    code: 3,
    says: /ANTHROPIC_API_KEY.*demo\/offline/s,
  },
  { what: 'a model without a provider', words: () => ['run', '--model', 'nope', 'hi'], code: 3, says: /nope/ },
  { what: 'an unknown provider', words: () => ['run', '--model', 'nope/x', 'hi'], code: 3, says: /nope/ },
  { what: 'an unknown demo model', words: () => ['run', '--model', 'demo/x', 'hi'], code: 3, says: /demo\/offline/ },
  {
    what: 'no key',
    words: () => ['run', '--model', 'anthropic/claude-sonnet-4-5', 'hi'],
    code: 3,
    says: /ANTHROPIC_API_KEY/,
  },
  { what: 'an unknown session', words: () => [...DEMO, '--session', 'nosuch', 'hi'], code: 4, says: /nosuch/ },
  { what: 'a traversing session id', words: () => [...DEMO, '--session', '../../etc', 'hi'], code: 2, says: /etc/ },
  { what: 'an absolute session id', words: () => ['session', 'show', '/etc/passwd'], code: 2, says: /passwd/ },
  { what: 'an empty session id', words: () => ['session', 'info', ''], code: 2, says: /reprise: / },
  { what: 'a session id with NUL-like text', words: () => ['session', 'verify', 'A B'], code: 2, says: /A B/ },
  { what: 'deleting a traversing id', words: () => ['session', 'delete', '--yes', '..'], code: 2, says: /\.\./ },
  { what: 'forking an unknown session', words: () => ['session', 'fork', 'nosuch'], code: 4, says: /nosuch/ },
  {
    what: 'forking from an unknown message',
    words: () => ['session', 'fork', id, '--from', 'nope'],
    code: 2,
    says: /nope/,
  },
  { what: 'forking to a bad id', words: () => ['session', 'fork', id, '--id', '../x'], code: 2, says: /\.\.\/x/ },
  { what: 'exporting an unknown session', words: () => ['session', 'export', 'nosuch'], code: 4, says: /nosuch/ },
  { what: 'verifying an unknown session', words: () => ['session', 'verify', 'nosuch'], code: 4, says: /nosuch/ },
  { what: 'an unknown tool', words: () => [...DEMO, '--tools', 'read,laser', 'hi'], code: 2, says: /laser/ },
  {
    what: 'a step limit that is no number',
    words: () => [...DEMO, '--max-steps', 'x', 'hi'],
    code: 2,
    says: /--max-steps/,
  },
  { what: 'a negative window', words: () => [...DEMO, '--context-window=-5', 'hi'], code: 2, says: /--context-window/ },
  {
    what: 'an unknown permission mode',
    words: () => [...DEMO, '--permission', 'yolo', 'hi'],
    code: 2,
    says: /ask, accept-edits/,
  },
  {
    what: 'an unknown output format',
    words: () => [...DEMO, '--output-format', 'xml', 'hi'],
    code: 2,
    says: /text, json/,
  },
  { what: 'an unknown option', words: () => [...DEMO, '--modle', 'x', 'hi'], code: 2, says: /did you mean --model/ },
  { what: 'a directory that is not there', words: () => [...DEMO, '--cwd', 'nowhere', 'hi'], code: 2, says: /nowhere/ },
  { what: 'an empty directory', words: () => [...DEMO, '--cwd', '', 'hi'], code: 2, says: /--cwd names no directory/ },
  { what: 'a switch with a value', words: () => [...DEMO, '--fork=yes', 'hi'], code: 2, says: /--fork is a switch/ },
  {
    what: 'an option without its value',
    words: () => [...DEMO, 'hi', '--tools'],
    code: 2,
    says: /--tools needs a value/,
  },
  {
    what: 'a window that nothing fits into',
    words: () => [...DEMO, '--context-window', '5', 'hi'],
    code: 5,
    says: /window holds 5/,
  },
  { what: 'no prompt', words: () => DEMO, code: 2, says: /a prompt is missing/ },
  {
    what: 'an empty prompt on standard input',
    words: () => DEMO,
    code: 2,
    says: /a prompt is missing/,
    options: { input: '\n' },
  },
  {
    what: 'import of broken JSON',
    words: () => ['session', 'import', 'broken.json'],
    code: 2,
    says: /broken\.json is no JSON/,
  },
  { what: 'import of something else', words: () => ['session', 'import', 'foreign.json'], code: 2, says: /reprise: / },
  {
    what: 'import of a missing file',
    words: () => ['session', 'import', 'absent.json'],
    code: 2,
    says: /absent\.json/,
  },
  {
    what: 'import of broken JSON on standard input',
    words: () => ['session', 'import', '-'],
    code: 2,
    says: /Standard input/,
    options: { input: 'nope' },
  },
];

describe('bad input', () => {
  it.each(CASES)(
    '$what: exit code $code and what to do, no stack trace, nothing lost',
    async ({ words, code, says, options }) => {
      const before = stored();
      const ended = await place.run(words(), options);
      expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
      expect(ended.err).toMatch(says);
      expect(ended.err).toMatch(/^reprise: /);
      expect(ended.err).not.toMatch(/\n\s+at |node:internal/);
      expect(stored()).toBe(before);
    },
  );

  it('is one JSON object in the machine formats', async () => {
    for (const format of ['json', 'stream-json']) {
      const { code, out } = await place.run(['run', '--output-format', format, '--session', 'nosuch', 'hi']);
      expect(code).toBe(4);
      expect(JSON.stringify(lines(out))).toContain('SESSION_NOT_FOUND');
      expect(lines(out)).toHaveLength(1);
    }
  });

  it('a missing key leaves a session that goes on once there is one', async () => {
    const { code, err } = await place.run(['run', '--model', 'anthropic/claude-sonnet-4-5', 'hi']);
    expect(code).toBe(3);
    expect(await place.run([...DEMO, '--session', sessionIn(err), 'hello'])).toMatchObject({ code: 0 });
  });

  it('a bad configuration is exit code 3 with its name; a good one is used', async () => {
    const other = join(place.work, 'other-home');
    mkdirSync(other);
    const file = join(other, 'config.json');
    writeFileSync(file, '{"model": 5}');
    const env = { REPRISE_HOME: other };
    const bad = await place.run(['run', 'hello'], { env });
    expect({ code: bad.code, out: bad.out }).toEqual({ code: 3, out: '' });
    expect(bad.err).toContain(file);
    expect(bad.err).toContain('model');
    writeFileSync(file, '{"model": "offline", "aliases": {"offline": "demo/offline"}}');
    expect(await place.run(['run', 'hello'], { env })).toMatchObject({ code: 0 });
    expect(readdirSync(join(other, 'sessions'))).toHaveLength(1);
  });

  describe('a corrupt file', () => {
    /** A session, with what `harm` makes of its history. */
    async function harmed(harm: (lines: string[]) => string) {
      const id = sessionIn((await place.run([...DEMO, 'hello'])).err);
      const file = join(place.home, 'sessions', id, 'messages.json');
      const text = harm(readFileSync(file, 'utf8').split('\n'));
      writeFileSync(file, text);
      const told = async (...words: string[]) => {
        const ended = await place.run(words);
        expect(ended.err).toMatch(/^reprise: .*\n {2}.*reprise session verify/m);
        expect(ended.err).not.toMatch(/\n\s+at |node:internal/);
        return ended;
      };
      return { id, text, told, now: () => readFileSync(file, 'utf8') };
    }

    it('with a damaged record: what loads is shown, the place is told, and nothing is written over it', async () => {
      const { id, text, told, now } = await harmed(([first = '', ...rest]) =>
        [first.slice(0, 40) + '\u0000\u0000' + first.slice(42), ...rest].join('\n'),
      );
      const shown = await told('session', 'show', id, '--json');
      expect(shown.code).toBe(1);
      expect(JSON.parse(shown.out)).toMatchObject({
        messages: [{ content: 'hello' }, { role: 'assistant' }],
        error: { code: 'STORAGE_DAMAGED' },
      });
      expect(await told('session', 'export', id)).toMatchObject({ code: 1, out: '' });
      expect((await place.run(['session', 'verify', id])).code).toBe(1);
      expect(now()).toBe(text);
    });

    it.each([
      ['is garbage', () => 'garbage\n'],
      ['is empty', () => ''],
    ])('that %s: nothing can be gone on with, exit code 1, nothing is written over it', async (_, harm) => {
      const { id, text, told, now } = await harmed(harm);
      for (const words of [['run', '--session', id, 'hi'], ...['show', 'export'].map((one) => ['session', one, id])])
        expect(await told(...words), words.join(' ')).toMatchObject({ code: 1, out: '' });
      expect((await place.run(['session', 'verify', id])).code).toBe(1);
      expect(now()).toBe(text);
    });

    it('that was cut between two records is no whole one: it is told, and what is left goes on', async () => {
      const { id, told } = await harmed((lines) => [...lines.slice(0, 2), ']', ''].join('\n'));
      const shown = await told('session', 'show', id, '--json');
      expect(shown.code).toBe(1);
      expect(JSON.parse(shown.out)).toMatchObject({ messages: [{ content: 'hello' }] });
      expect(await told('session', 'export', id)).toMatchObject({ code: 1, out: '' });
      const next = await place.run([...DEMO, '--session', id, 'what did I ask before?']);
      expect(next).toMatchObject({ code: 0, out: expect.stringContaining('1. hello') });
      expect(next.err).toContain('the log ends at 2');
    });
  });
});
