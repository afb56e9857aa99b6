import type { Chunk, ChunkOf } from '@reprise/core';
import { describe, expect, it } from 'vitest';
import { fakeIo } from '../testing.ts';
import { turnView } from './view.ts';

const at = { seq: 1, attempt: 1, offset: 0 };
const text = (content: string): Chunk => ({ type: 'text', at, content });
const call: ChunkOf<'tool_call'> = { type: 'tool_call', at, id: 'c', tool: 'read', params: { path: 'a.txt' } };
const result = (more: object): Chunk => ({ type: 'tool_result', at, id: 'c', tool: 'read', result: '', ...more });

function shown(chunks: readonly Chunk[], tty = false) {
  const io = fakeIo({ outTTY: tty, errTTY: tty });
  const view = turnView(io);
  for (const chunk of chunks) view.chunk(chunk);
  view.end();
  return { out: io.stdout(), err: io.stderr() };
}

describe('a turn, shown', () => {
  it('is the answer on one stream and what happens beside it on the other', () => {
    expect(shown([text('I read.'), call, result({ result: 'one\ntwo\n' }), text('Done.')])).toEqual({
      out: 'I read.\nDone.\n',
      err: '→ read a.txt\n  ✓ 2 lines\n',
    });
  });

  it('names the failure of a call', () => {
    expect(shown([call, result({ error: 'no such file' })]).err).toBe('→ read a.txt\n  ✗ no such file\n');
  });

  it.each([
    [{ output: 'a\nno rule\n', exitCode: 2 }, '✗ exit code 2: no rule'],
    [{ output: '', exitCode: null, aborted: true }, '✗ cancelled'],
    [{ output: 'a\n', exitCode: null, timedOut: 500 }, '✗ ended at its time limit of 500 ms: a'],
    [{ output: '', exitCode: null, signal: 'SIGKILL' }, '✗ ended by SIGKILL'],
    [{ output: 'a\nb\n', exitCode: 0 }, '✓ 2 lines'],
  ])('says how a command ended: %j', (given, line) => {
    expect(shown([call, result({ result: given })]).err).toBe(`→ read a.txt\n  ${line}\n`);
  });

  it('writes what a second attempt repeats once', () => {
    const reset: Chunk = { type: 'reset', at, offset: 0, reason: 'retry', waitMs: 1500 };
    expect(shown([text('Hel'), reset, text('Hello')])).toEqual({ out: 'Hello\n', err: 'Trying again in 2 s\n' });
  });

  it('takes nothing back of the text before a call', () => {
    const reset: Chunk = { type: 'reset', at, offset: 0, reason: 'retry' };
    expect(shown([text('One.'), call, result({}), text('Tw'), reset, text('Two.')])).toEqual({
      out: 'One.\nTwo.\n',
      err: '→ read a.txt\n  ✓ done\n',
    });
  });

  it('shows reasoning on a terminal only', () => {
    const reasoning: Chunk = { type: 'reasoning', at, content: 'hmm' };
    expect(shown([reasoning, text('Yes')]).err).toBe('');
    expect(shown([reasoning, text('Yes')], true).err).toContain('hmm\n');
  });
});
