import type { Expected, Undone } from '../contracts/history.ts';
import type { Message } from '../contracts/turn.ts';
import { RepriseError } from '../errors.ts';
import type { TakeBack } from '../records/types.ts';
import type { Action } from '../state/actions.ts';
import { isoNow } from './clock.ts';
import type { Parts } from './parts.ts';
import type { Past } from './past.ts';
import { pastOf } from './past.ts';
import { changing } from './ready.ts';

/** `session.rewind()`: one record, and with it everything from a user's message on is taken back. */
export async function rewind(parts: Parts, id: string, options?: Expected): Promise<Message> {
  if (typeof id !== 'string')
    throw new RepriseError('INVALID_INPUT', 'The message to rewind to must be named by its id.');
  return changing(
    parts,
    async () => {
      const past = await pastOf(parts.live, ({ transcript }) => transcript.has(id));
      const message = past.transcript.message(id);
      const from = past.transcript.seqOf(id);
      if (message === undefined || from === undefined) throw noMessage(id, 'is not in this session');
      if (message.takenBack) throw noMessage(id, 'was taken back already');
      if (message.role !== 'user') throw noMessage(id, 'is not the user’s');
      await takeBack(parts, past, { type: 'rewind', at: isoNow(parts.runtime.clock), message: id, from });
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
      const past = await pastOf(parts.live, (some) => holds(some, some.actions.toUndo()));
      const action = past.actions.toUndo();
      return action && undone(parts, past, action, {});
    },
    options,
  );
}

/** `session.redo()`: an undo of the last undo. */
export function redo(parts: Parts, options?: Expected): Promise<Undone | undefined> {
  return changing(
    parts,
    async () => {
      const past = await pastOf(parts.live, (some) => {
        const again = some.actions.toRedo();
        return again === undefined ? some.actions.toUndo() !== undefined : holds(some, again);
      });
      const action = past.actions.toRedo();
      return action && undone(parts, past, action, { redo: true });
    },
    options,
  );
}

/** Whether all that is told of an action is in this part of the log. */
function holds({ transcript }: Past, action: Action | undefined): boolean {
  return action !== undefined && (action.message === undefined || transcript.has(action.message));
}

async function undone(
  parts: Parts,
  past: Past,
  { seq: of, what, message: id }: Action,
  again: { readonly redo?: true },
): Promise<Undone> {
  const about = id === undefined ? {} : { message: id };
  await takeBack(parts, past, { type: 'undo', at: isoNow(parts.runtime.clock), of, what, ...again, ...about });
  const found = id === undefined ? undefined : past.transcript.message(id);
  if (found === undefined) return { what };
  const { takenBack: _takenBack, ...message } = found;
  return { what, message };
}

type Given<R> = R extends TakeBack ? Omit<R, 'messages'> : never;

/** Stores it; the transcript then shows what is left. */
async function takeBack({ live }: Parts, past: Past, given: Given<TakeBack>): Promise<void> {
  const { talk, messages } = past.after({ seq: live.state.seq + 1, record: { ...given, messages: 0 } });
  await live.append({ ...given, messages }, talk);
}

function noMessage(id: string, why: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `The message ${JSON.stringify(id)} ${why}.`, {
    hint: 'Rewind to a message of the user; `getMessages()` and `reprise session show` show them with their ids.',
  });
}
