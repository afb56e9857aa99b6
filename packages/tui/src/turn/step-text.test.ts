import { describe, expect, it } from 'vitest';
import { createStepText } from './step-text.ts';

function collect(late = false) {
  const written: string[] = [];
  const step = createStepText({
    write: (text) => void written.push(text),
    replaced: () => void written.push('|'),
    late,
  });
  return { step, text: () => written.join(''), written };
}

describe('the text of a step', () => {
  it('is written as it comes', () => {
    const { step, written } = collect();
    step.add('Hel');
    step.add('lo');
    step.over();
    expect(written).toEqual(['Hel', 'lo']);
  });

  it('is not written twice when a retry says the same', () => {
    const { step, text } = collect();
    step.add('Hello wor');
    step.reset(0);
    for (const piece of ['He', 'llo', ' world', '!']) step.add(piece);
    step.over();
    expect(text()).toBe('Hello world!');
  });

  it('is written anew when a retry says something else, from where it differs on', () => {
    const { step, text } = collect();
    step.add('One. Two');
    step.reset(5);
    step.add('Thr');
    step.add('ee');
    step.over();
    expect(text()).toBe('One. Two|Three');
  });

  it('is written anew when a retry says less', () => {
    const { step, text } = collect();
    step.add('Hello world');
    step.reset(0);
    step.add('Hello');
    step.over();
    expect(text()).toBe('Hello world|Hello');
  });

  it('survives several retries', () => {
    const { step, text } = collect();
    step.add('abcdef');
    step.reset(0);
    step.add('abc');
    step.reset(0);
    step.add('abcdefg');
    step.over();
    expect(text()).toBe('abcdefg');
  });

  it('written late holds only what counts', () => {
    const { step, text } = collect(true);
    step.add('wrong');
    step.reset(2);
    step.add('ite');
    expect(text()).toBe('');
    step.over();
    expect(text()).toBe('write');
  });

  it('starts afresh with each step', () => {
    const { step, text } = collect();
    step.add('one');
    step.over();
    step.add('two');
    step.reset(0);
    step.add('two');
    step.over();
    expect(text()).toBe('onetwo');
  });
});
