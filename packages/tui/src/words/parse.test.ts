import { describe, expect, it } from 'vitest';
import { parse } from './parse.ts';

const shape = {
  name: 'go',
  operands: { usage: '[word…]', min: 0, max: 2 },
  options: {
    name: { type: 'text', help: '' },
    loud: { type: 'switch', short: 'l', help: '' },
    steps: { type: 'count', help: '' },
    file: { type: 'list', help: '' },
    mode: { type: 'choice', choices: ['ask', 'auto'], help: '' },
  },
} as const;

const fault = (...words: string[]): string => {
  try {
    parse(shape, words);
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_INPUT' });
    return (error as Error).message;
  }
  throw new Error('was accepted');
};

describe('the command line', () => {
  it('has options before, between and behind the operands', () => {
    expect(parse(shape, ['--name', 'x', 'a', '-l', 'b', '--steps=3'])).toEqual({
      options: { name: 'x', loud: true, steps: 3 },
      operands: ['a', 'b'],
    });
  });

  it('takes empty values, values of several lines and values with dashes', () => {
    expect(parse(shape, ['--name', '']).options).toEqual({ name: '' });
    expect(parse(shape, ['--name=']).options).toEqual({ name: '' });
    expect(parse(shape, ['--name=a\n--b']).options).toEqual({ name: 'a\n--b' });
    expect(parse(shape, ['--name=--loud']).options).toEqual({ name: '--loud' });
    expect(parse(shape, ['--name', '- a list']).options).toEqual({ name: '- a list' });
  });

  it('collects a list in order', () => {
    expect(parse(shape, ['--file', 'a', 'x', '--file=b']).options).toEqual({ file: ['a', 'b'] });
  });

  it('reads everything behind -- as operands', () => {
    expect(parse(shape, ['--', '--name', '-x']).operands).toEqual(['--name', '-x']);
  });

  it('keeps a lone dash and text that begins with one', () => {
    expect(parse(shape, ['-', '- a\n- b']).operands).toEqual(['-', '- a\n- b']);
  });

  it('is asked for help or the version wherever the words stand, whatever else is missing', () => {
    expect(parse(shape, ['a', 'b', 'c', '--help']).asks).toBe('help');
    expect(parse(shape, ['-h']).asks).toBe('help');
    expect(parse(shape, ['--version']).asks).toBe('version');
    expect(parse(shape, ['--', '--help']).asks).toBeUndefined();
  });

  it.each([
    [['--nmae', 'x'], 'unknown option --nmae, did you mean --name?'],
    [['--zzzzzz'], 'unknown option --zzzzzz'],
    [['--constructor'], 'unknown option --constructor'],
    [['-x'], 'unknown option -x'],
    [['--no-loud'], 'unknown option --no-loud, did you mean --loud?'],
    [['--name'], '--name needs a value'],
    [['--name', '--loud'], '--name needs a value; write --name=--loud if "--loud" is meant to be it'],
    [['--loud=yes'], '--loud is a switch and takes no value'],
    [['--steps', '0'], '--steps takes a whole number above 0, not "0"'],
    [['--steps', '1e3'], '--steps takes a whole number above 0, not "1e3"'],
    [['--steps', ''], '--steps takes a whole number above 0, not ""'],
    [['--mode', 'atuo'], '--mode takes ask, auto, not "atuo"; "auto" is near'],
    [['a', 'b', 'c'], '"c" is one word too many'],
  ])('%j is wrong: %s', (words, message) => expect(fault(...words)).toBe(message));

  it('says what is missing', () => {
    expect(() => parse({ ...shape, operands: { usage: 'ID', min: 1, max: 1 } }, [])).toThrow('ID is missing');
  });
});
