import { isCoded } from '@reprise/core';
import type { AskAnswer } from '@reprise/core';
import { withSessions } from '../../sessions.ts';
import type { ChangeSessions } from '../../sessions.ts';
import { EXIT, confirm, usageError } from '@reprise/tui';
import type { Handler, Io, Values } from '@reprise/tui';
import type { ANSWER, DELETE, FORK } from '../options.ts';

export const fork: Handler<typeof FORK> = async ({ options, operands: [id = ''] }, io) => {
  const how = {
    ...(options.from !== undefined && { fromMessage: options.from }),
    ...(options.id !== undefined && { newSessionId: options.id }),
  };
  const copy = await withSessions(io, options, async (sessions) => (await (await sessions.load(id)).fork(how)).head);
  if (options.json) io.out.json({ id: copy.id, parent: copy.parent ?? null });
  else io.out.write(`${copy.id}\n`);
  return EXIT.ok;
};

export const remove: Handler<typeof DELETE> = async ({ options, operands }, io) => {
  const ids = [...new Set(operands)];
  return withSessions(io, options, async (sessions) => {
    for (const id of ids) await assertThere(sessions, id);
    if (!options.yes && !(await confirmed(ids, io))) return EXIT.failure;
    for (const id of ids) await sessions.delete(id);
    if (options.json) io.out.json({ deleted: ids });
    else io.err.write(`reprise: deleted ${ids.join(', ')}\n`, 'dim');
    return EXIT.ok;
  });
};

/** So that one wrong id of several deletes nothing. A session too damaged to tell about itself can be deleted all the same. */
async function assertThere(sessions: ChangeSessions, id: string): Promise<void> {
  try {
    await sessions.info(id);
  } catch (error) {
    if (isCoded(error) && (error.code === 'SESSION_NOT_FOUND' || error.code === 'INVALID_INPUT')) throw error;
  }
}

async function confirmed(ids: readonly string[], io: Io): Promise<boolean> {
  const answer = await confirm(io, `Delete ${ids.join(', ')} for good?`);
  if (answer !== undefined) return answer;
  throw usageError('deleting for good wants --yes where nobody can be asked', 'reprise session delete');
}

export const answer: Handler<typeof ANSWER> = async ({ options, operands: [id = '', ask = ''] }, io) => {
  const given = answerOf(options);
  await withSessions(io, options, async (sessions) => (await sessions.load(id)).answer(ask, given));
  if (options.json) io.out.json({ id, ask, ...given });
  else io.err.write(`reprise: answered ${ask}\n`, 'dim');
  return EXIT.ok;
};

function answerOf({ allow, always, deny, message, text }: Values<typeof ANSWER>): AskAnswer {
  const given = [allow, always, deny, text !== undefined].filter(Boolean);
  if (given.length !== 1)
    throw usageError('an answer is one of --allow, --always, --deny and --text', 'reprise session answer');
  if (message !== undefined && !deny) throw usageError('--message goes with --deny', 'reprise session answer');
  if (text !== undefined) return { text };
  if (deny) return { verdict: 'deny', ...(message !== undefined && { message }) };
  return { verdict: always ? 'always' : 'once' };
}
