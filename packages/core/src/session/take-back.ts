import type { Expected, Undone } from '../contracts/history.ts';
import type { Message } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import type { TakeBack } from '../records/types.ts';
import { Actions } from '../state/actions.ts';
import { Transcript } from '../state/transcript.ts';
import { isoNow } from './clock.ts';
import { readable } from './load.ts';
import type { Parts } from './parts.ts';
import { changing } from './ready.ts';

/** `session.rewind()`: one record, and with it everything from a user's message on is taken back. */
export async function rewind(parts: Parts, id: string, options?: Expected): Promise<Message> {
  if (typeof id !== 'string')
    throw new RepriseError('INVALID_INPUT', 'The message to rewind to must be named by its id.');
  return changing(
    parts,
    async () => {
      const { transcript } = await readAll(parts);
      const message = transcript.message(id);
      const from = transcript.seqOf(id);
      if (message === undefined || from === undefined) throw noMessage(id, 'is not in this session');
      if (message.takenBack) throw noMessage(id, 'was taken back already');
      if (message.role !== 'user') throw noMessage(id, 'is not the user’s');
      await takeBack(parts, transcript, { type: 'rewind', at: isoNow(parts.runtime.clock), message: id, from });
      return message;
    },
    options,
  );
}

/** `session.undo()`. */
export function undo(parts: Parts, options?: Expected): Promise<Undone | undefined> {
  return changing(
    parts,
    async () => {
      const { transcript, actions } = await readAll(parts);
      const action = actions.toUndo();
      if (action === undefined) return undefined;
      const { seq: of, what, message } = action;
      const about = message === undefined ? {} : { message };
      await takeBack(parts, transcript, { type: 'undo', at: isoNow(parts.runtime.clock), of, what, ...about });
      return undone(action, transcript);
    },
    options,
  );
}

/** `session.redo()`: an undo of the last undo. */
export function redo(parts: Parts, options?: Expected): Promise<Undone | undefined> {
  return changing(
    parts,
    async () => {
      const { transcript, actions } = await readAll(parts);
      const action = actions.toRedo();
      if (action === undefined) return undefined;
      const { seq: of, what, message } = action;
      const about = message === undefined ? {} : { message };
      const at = isoNow(parts.runtime.clock);
      await takeBack(parts, transcript, { type: 'undo', at, of, what, redo: true, ...about });
      return undone(action, transcript);
    },
    options,
  );
}

async function readAll({ live }: Parts): Promise<{ readonly transcript: Transcript; readonly actions: Actions }> {
  const transcript = new Transcript();
  const actions = new Actions();
  const damage: Coded[] = [];
  for await (const stored of live.records(0, damage)) {
    const record = readable(stored, damage);
    transcript.add(stored.seq, record);
    actions.add(stored.seq, record);
  }
  for (const { message } of damage) live.events.emit('warning', { message });
  return { transcript, actions };
}

type Given<R> = R extends TakeBack ? Omit<R, 'messages'> : never;

/** Stores it; the transcript then shows what is left. */
async function takeBack({ live }: Parts, transcript: Transcript, given: Given<TakeBack>): Promise<void> {
  transcript.add(live.state.seq + 1, { ...given, messages: 0 });
  const messages = transcript.current().filter(({ role }) => role !== 'system').length;
  await live.append({ ...given, messages });
}

function undone(
  { what, message: id }: Pick<Undone, 'what'> & { readonly message?: string },
  transcript: Transcript,
): Undone {
  const { takenBack: _takenBack, ...message } = (id === undefined ? undefined : transcript.message(id)) ?? { id: '' };
  return message.id === '' ? { what } : { what, message: message as Message };
}

function noMessage(id: string, why: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `The message ${JSON.stringify(id)} ${why}.`, {
    hint: 'Rewind to a message of the user; `getMessages()` and `reprise session show` show them with their ids.',
  });
}
