import { describe, expect, it } from 'vitest';
import { createSink, wantsColor } from './sink.ts';

function collect(options: { isTTY: boolean; color: boolean }) {
  const pieces: string[] = [];
  const sink = createSink({ ...options, put: (bytes) => void pieces.push(Buffer.from(bytes).toString()) });
  return { sink, text: () => pieces.join('') };
}

describe('a sink', () => {
  it('on a terminal lets only its own styling through', () => {
    const { sink, text } = collect({ isTTY: true, color: true });
    sink.write('a\u001b[31mb\n', 'red');
    expect(text()).toBe('\u001b[31ma␛[31mb\n\u001b[39m');
  });

  it('without colour adds nothing', () => {
    const { sink, text } = collect({ isTTY: true, color: false });
    sink.write('plain', 'bold');
    expect(text()).toBe('plain');
  });

  it('in a pipe gives the result byte for byte', () => {
    const { sink, text } = collect({ isTTY: false, color: false });
    sink.write('\u001b]52;c;x\u0007\r\n');
    expect(text()).toBe('\u001b]52;c;x\u0007\r\n');
  });

  it('writes one JSON value a line; on a terminal with the same value but nothing that acts', () => {
    const value = { text: '\u009b2J\u202e' };
    const pipe = collect({ isTTY: false, color: false });
    const terminal = collect({ isTTY: true, color: true });
    pipe.sink.json(value);
    terminal.sink.json(value);
    expect(pipe.text()).toBe(`${JSON.stringify(value)}\n`);
    expect(terminal.text()).toBe('{"text":"\\u009b2J\\u202e"}\n');
  });

  it('goes quiet when its reader is gone, and says so once', () => {
    let writes = 0;
    const put = (): never => {
      writes++;
      throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    };
    const sink = createSink({ isTTY: false, color: false, put });
    let gone = 0;
    sink.onGone(() => gone++);
    sink.write('a');
    sink.write('b');
    sink.onGone(() => gone++);
    expect({ writes, gone }).toEqual({ writes: 1, gone: 2 });
  });

  it('throws another failure once, and goes quiet; beside the results it is quiet from the start', () => {
    const put = (): never => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    };
    const sink = createSink({ isTTY: false, color: false, put });
    expect(() => sink.write('a')).toThrow('full');
    expect(() => sink.write('b')).not.toThrow();
    expect(() => createSink({ isTTY: false, color: false, put, aside: true }).write('a')).not.toThrow();
  });
});

describe('colour', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('%j on a terminal (%s): %s', (env, isTTY, wanted) => expect(wantsColor(env, isTTY)).toBe(wanted));
});
