import { describe, expect, test } from 'vitest';
import { RUN } from '../../apps/cli/src/commands/options.ts';
import { DEFAULT_PROMPT, SWITCHES, runArguments } from '../lib/start-arguments.mjs';

const offline = ['--model', 'demo/offline'];

describe('npm start', () => {
  test.each([
    ['nothing', [], [...offline, DEFAULT_PROMPT]],
    ['a prompt', ['List files'], [...offline, 'List files']],
    ['a switch and a prompt', ['--continue', 'And now?'], [...offline, '--continue', 'And now?']],
    ['a turn to carry on', ['--continue', '--recover'], [...offline, '--continue', '--recover']],
    ['a switch alone', ['--continue'], [...offline, '--continue', DEFAULT_PROMPT]],
    ['an option with its value', ['--output-format', 'json'], [...offline, '--output-format', 'json', DEFAULT_PROMPT]],
    ['an option with =', ['--output-format=json'], [...offline, '--output-format=json', DEFAULT_PROMPT]],
    ['an option and a prompt', ['--session', 'abc', 'Hello'], [...offline, '--session', 'abc', 'Hello']],
    ['a model', ['--model', 'anthropic/x', 'Hi'], ['--model', 'anthropic/x', 'Hi']],
    ['a model with =', ['--model=anthropic/x', 'Hi'], ['--model=anthropic/x', 'Hi']],
    ['a prompt that looks like an option', ['--', '--model'], [...offline, '--', '--model']],
    ['a request for help', ['--help'], ['--help']],
  ])('given %s', (_, given, expected) => {
    expect(runArguments(given, {})).toEqual(expected);
  });

  test.each(['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'])(
    'with %s the program chooses its model itself',
    (key) => {
      expect(runArguments(['Hi'], { [key]: 'k' })).toEqual(['Hi']);
      expect(runArguments(['Hi'], { [key]: '' })).toEqual([...offline, 'Hi']);
    },
  );

  test('knows which options of the program stand alone', () => {
    const alone = Object.entries(RUN).filter(([, { type }]) => type === 'switch');
    expect(SWITCHES).toEqual(expect.arrayContaining(alone.map(([name]) => `--${name}`)));
    const valued = Object.keys(RUN).filter((name) => !alone.some(([one]) => one === name));
    expect(SWITCHES.filter((name) => valued.includes(name.slice(2)))).toEqual([]);
  });
});
