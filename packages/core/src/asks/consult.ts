import type { ToolQuestion } from '../contracts/ask.ts';
import type { Asker, PermissionRequest } from '../contracts/tool.ts';
import { RepriseError } from '../errors.ts';
import type { AskDesk } from './desk.ts';
import { fingerprintOfQuestion } from './fingerprint.ts';
import { denialOf } from './words.ts';

/**
 * `ToolContext.ask` for one run of a call. A question that the call asked before a crash is taken up where it comes again: the first one by the
 * first of the same text, and so on. A tool that was left behind asks nobody: `isOver` says that its call is over.
 */
export function questionsOf(
  desk: AskDesk,
  request: PermissionRequest,
  signal: AbortSignal,
  isOver: () => boolean,
): (question: ToolQuestion) => Promise<string> {
  const seen = new Set<string>();
  return async (given) => {
    const question = checked(given);
    const fingerprint = await fingerprintOfQuestion(request.call, question.text, question.choices);
    if (isOver()) throw new RepriseError('PERMISSION_DENIED', 'The call is over: nobody is asked for it any more.');
    const before = desk.asks().find((ask) => ask.fingerprint === fingerprint && !seen.has(ask.id));
    const id = before?.id ?? desk.newId();
    seen.add(id);
    const answer = await desk.consult({ ...request, id, question, fingerprint }, signal);
    if (answer.text !== undefined) return answer.text;
    throw new RepriseError('PERMISSION_DENIED', denialOf(answer) ?? 'The question was answered without a text.');
  };
}

/**
 * Who is asked in a sub-session that a call runs: whoever is asked here. The question is stored here too, with the way that it came, so it can be
 * answered in either session; both get the answer, and one that a crash left is taken up by its id.
 */
export function forwardTo(desk: AskDesk, call: string, session: string): Asker {
  return async (request, signal) => {
    const path = [session, ...(request.path ?? [])];
    const { verdict, message, text } = await desk.consult({ ...request, call, path }, signal);
    if (verdict === 'once') return { allow: true, ...(text !== undefined && { text }) };
    if (verdict === 'always') return { allow: true, always: true };
    if (verdict === 'deny') return { allow: false, ...(message !== undefined && { message }) };
    throw new RepriseError('PERMISSION_DENIED', denialOf({ verdict }) ?? '');
  };
}

function checked({ text, choices }: ToolQuestion): ToolQuestion {
  if (typeof text !== 'string' || text.trim() === '')
    throw new RepriseError('INVALID_INPUT', 'A question must be a text that is not empty.');
  if (choices === undefined) return { text };
  if (!Array.isArray(choices) || !choices.every((choice) => typeof choice === 'string'))
    throw new RepriseError('INVALID_INPUT', 'The choices of a question must be texts.');
  return { text, choices: [...(choices as string[])] };
}
