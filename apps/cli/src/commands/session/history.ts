import type { Undone } from '@reprise/core';
import { EXIT, brief } from '@reprise/tui';
import type { Handler, Io } from '@reprise/tui';
import { withSessions } from '../../sessions.ts';
import type { ChangeSession } from '../../sessions.ts';
import type { CHANGE, StoreFlags } from '../options.ts';

/** The message goes to standard output, to be said in other words. */
export const rewind: Handler<typeof CHANGE> = async ({ options, operands: [id = '', target = ''] }, io) => {
  const { message, left } = await withSessions(io, options, async (sessions) => {
    const session = await sessions.load(id);
    const taken = await session.rewind(target);
    return { message: taken, left: session.state.messageCount };
  });
  if (options.json) io.out.json({ id, message, messageCount: left });
  else {
    io.out.write(`${message.content.trimEnd()}\n`);
    io.err.write(
      `reprise: taken back from here on, messages left: ${left}; "reprise session undo ${id}" brings it back\n`,
      'dim',
    );
  }
  return EXIT.ok;
};

export const undo: Handler<typeof CHANGE> = async ({ options, operands: [id = ''] }, io) => {
  tell('undo', id, await changed(io, options, id, (session) => session.undo()), options.json, io);
  return EXIT.ok;
};

export const redo: Handler<typeof CHANGE> = async ({ options, operands: [id = ''] }, io) => {
  tell('redo', id, await changed(io, options, id, (session) => session.redo()), options.json, io);
  return EXIT.ok;
};

function changed<T>(io: Io, flags: StoreFlags, id: string, change: (session: ChangeSession) => Promise<T>): Promise<T> {
  return withSessions(io, flags, async (sessions) => change(await sessions.load(id)));
}

const DONE = { undo: 'undone', redo: 'done again' } as const;

function tell(way: keyof typeof DONE, id: string, one: Undone | undefined, json: boolean | undefined, io: Io): void {
  if (json) io.out.json({ id, what: one?.what ?? null, ...(one?.message && { message: one.message }) });
  else if (one === undefined) io.err.write(`reprise: nothing to ${way}\n`, 'dim');
  else io.out.write(`${DONE[way]}: ${one.what}${one.message ? ` (${brief(one.message.content, 60)})` : ''}\n`);
}
