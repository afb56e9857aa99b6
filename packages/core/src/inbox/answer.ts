import { pendingAsks } from '../asks/pending.ts';
import type { AskAnswer, PendingAsk } from '../contracts/ask.ts';
import type { Owner } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import { readable } from '../session/load.ts';
import type { Parts } from '../session/parts.ts';
import type { AnswerLetter } from './entries.ts';
import { letterEntry } from './entries.ts';
import { hearAnswers } from './holder.ts';

type Said = Pick<AnswerLetter, 'verdict' | 'message' | 'text' | 'by'>;

/** What waits, as far as can be known here: a turn of this process says it itself, for any other the log does. */
export async function approvalsOf({ live, desk, running }: Parts): Promise<readonly PendingAsk[]> {
  if (desk === undefined && running.size === 0) await live.refresh();
  return pendingAsks(live.state);
}

/** `session.answer()`: to the turn that waits in this process, or into the inbox of whoever holds the session, now or next. */
export async function answerAsk(parts: Parts, id: string, given: AskAnswer): Promise<void> {
  const { live, runtime, desk } = parts;
  const ask = (await approvalsOf(parts)).find((each) => each.id === id);
  if (ask === undefined) throw (await wasAnswered(parts, id)) ? answered(id) : unknown(id);
  const said = saidOf(given, ask, runtime.owner);
  if (desk !== undefined) {
    const taken = await desk.take(id, said, ask.fingerprint);
    if (taken !== 'taken') throw answered(id);
    return;
  }
  if (ask.expires !== undefined && Date.parse(ask.expires) <= runtime.clock.now()) {
    throw new RepriseError('CONFLICT', `The time to answer ${id} is up.`, {
      hint: 'It counts as denied. Send another message to go on.',
    });
  }
  const { inbox } = runtime.storage;
  if (inbox === undefined || !live.autoSave) {
    throw new RepriseError('UNSUPPORTED', 'This store takes no answers for a turn of another process.', {
      hint: 'Answer where the turn runs.',
    });
  }
  const { fingerprint } = ask;
  await inbox.put(live.id, letterEntry({ kind: 'answer', key: runtime.ids('message'), ask: id, fingerprint, ...said }));
  // A turn that began here meanwhile may have looked just before.
  if (parts.desk !== undefined) await hearAnswers({ live, runtime, desk: parts.desk });
}

/** INVALID_INPUT for what is no answer, or none to this question. */
function saidOf(given: AskAnswer, { question }: PendingAsk, owner: Owner): Said {
  const { verdict, message, text, by } = Object(given) as Partial<Record<keyof Said, unknown>>;
  const who =
    typeof by === 'string' && by !== '' ? by : owner.pid === undefined ? owner.name : `${owner.name} ${owner.pid}`;
  const told = typeof message === 'string' && message !== '' ? { message } : {};
  if (verdict === 'deny') return { verdict, ...told, by: who };
  if (question !== undefined) {
    if (typeof text === 'string') return { verdict: 'once', text, by: who };
    throw new RepriseError('INVALID_INPUT', 'This is a question: it wants a text.', {
      hint: `Answer { text: "…" }, or { verdict: "deny" }. It asks: ${question.text}`,
    });
  }
  if (verdict === 'once' || verdict === 'always') return { verdict, ...told, by: who };
  throw new RepriseError('INVALID_INPUT', 'An answer must have a verdict: "once", "always" or "deny".');
}

async function wasAnswered({ live }: Parts, id: string): Promise<boolean> {
  for await (const stored of live.records(0, [])) {
    const record = readable(stored, []);
    if (record?.type === 'answer' && record.ask === id) return true;
  }
  return false;
}

function answered(id: string): RepriseError {
  return new RepriseError('CONFLICT', `${id} has an answer already.`, { hint: 'The first one counts.' });
}

function unknown(id: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `Nobody asks ${JSON.stringify(id)} in this session.`, {
    hint: '`session.approvals()` and `reprise session approvals` show what waits for an answer.',
  });
}
