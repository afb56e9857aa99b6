import type { Answer, AskAnswer, Asker, ChunkOf, SessionHead, Turn } from '@reprise/core';
import { isCoded } from '@reprise/core/turn';

export interface Asking {
  readonly ask: Asker;
  readonly head: () => SessionHead;
  readonly answer: (ask: string, answer: AskAnswer) => Promise<void>;
  readonly report: (error: unknown) => void;
}

/** Puts what a turn waits for to `ask`, and sends its answer. A question that ends elsewhere (answered, late, its turn over) is taken back. */
export function askFor(turn: Turn, { ask, head, answer, report }: Asking): void {
  const open = new Map<string, AbortController>();
  const close = (id: string): void => {
    open.get(id)?.abort();
    open.delete(id);
  };
  const put = async ({ type: _type, at: _at, ...asked }: ChunkOf<'approval'>): Promise<void> => {
    const { id, cwd = '' } = head();
    const stop = new AbortController();
    open.set(asked.id, stop);
    const request = { ...asked, session: id, named: false, cwd, roots: cwd === '' ? [] : [cwd] };
    const said = await ask(request, stop.signal).catch((): Answer => ({ allow: false }));
    if (stop.signal.aborted) return;
    open.delete(asked.id);
    await answer(asked.id, answerOf(said));
  };
  turn.on('approval', (asked) => {
    put(asked).catch((error: unknown) => {
      // Somebody was faster.
      if (!isCoded(error) || error.code !== 'CONFLICT') report(error);
    });
  });
  turn.on('answer', ({ id }) => close(id));
  turn.on('end', () => {
    for (const id of [...open.keys()]) close(id);
  });
}

function answerOf({ allow, always, message, text }: Answer): AskAnswer {
  if (!allow) return { verdict: 'deny', ...(message !== undefined && { message }) };
  if (text !== undefined) return { text };
  return { verdict: always ? 'always' : 'once' };
}
