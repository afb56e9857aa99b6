import { RepriseError, toCoded } from '@reprise/core';
import type { Chunk, ErrorCode, Outcome, Turn } from '@reprise/core';
import { openSessions } from '../sessions.ts';
import type { TurnSessions } from '../sessions.ts';
import { EXIT, exitCodeOf, exitCodeOfOutcome, handleSignals, readInput, reportError, usageError } from '@reprise/tui';
import type { Handler, Io } from '@reprise/tui';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer, TurnFacts } from '../render/renderer.ts';
import { filesOf, outputOf } from './files.ts';
import { budgetOf } from './budget.ts';
import { openSession } from './open-session.ts';
import { hintedBy } from '../hints.ts';
import type { RUN, RunFlags } from './options.ts';

/** What a server says of a message that it doesn't take. After any other error it may have taken it. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'INVALID_INPUT',
  'MODEL_NOT_FOUND',
  'UNSUPPORTED',
  'RATE_LIMIT',
  'OVERLOADED',
]);

const NOWHERE = { seq: 0, attempt: 1, offset: 0 };

export const run: Handler<typeof RUN> = async ({ options, operands }, io) => {
  const interrupts = handleSignals(io);
  const format = options['output-format'] ?? 'text';
  const renderer = createRenderer(format, io, options['output-schema'] !== undefined);
  let sessionId: string | null = null;
  try {
    const budget = budgetOf(options);
    const how = { busy: busyOf(options), ...(budget !== undefined && { budget }) };
    const { sessions, defaults } = await openSessions(io, options);
    try {
      const output = outputOf(options['output-schema'], io);
      const attachments = filesOf(options.attach ?? [], io);
      const prompt = options.recover ? noPrompt(operands) : await promptOf(operands, io);
      const message = attachments.length === 0 ? prompt : { text: prompt, attachments };
      const session = await openSession(sessions, options, defaults, io, [message, { ...how, ...output }]);
      sessionId = session.id;
      session.on('warning', ({ message }) => io.err.write(`reprise: ${message}\n`, 'yellow'));
      session.on('turn', () => io.err.write('reprise: answering a message that waited first\n', 'dim'));
      const turn = options.recover ? session.recovering : session.turn(message, { ...how, ...output });
      if (turn === undefined) {
        io.err.write('reprise: no turn was left open\n', 'dim');
        return EXIT.ok;
      }
      turn.once('queued', () => io.err.write('reprise: the session is busy; the message is stored and waits\n', 'dim'));
      interrupts.guard(turn);
      let unread = false;
      io.out.onGone(() => {
        unread = true;
        void turn.abort('nobody reads the output any more');
      });
      const facts = { sessionId, turn: turn.id, model: session.state.model };
      const isNew = options.fork || (options.session === undefined && !options.continue);
      const had = session.state.messageCount;
      const gone = async ({ error }: Outcome): Promise<boolean> => {
        const refused = isNew && defaults.check === undefined && error !== undefined && REFUSALS.has(error.code);
        if (!refused || !(await forgotten(sessions, session.id, had))) return false;
        if (options.fork) io.err.write(`reprise: ${session.id} is removed again\n`, 'dim');
        sessionId = null;
        return true;
      };
      const outcome = await follow(turn, facts, withWaiting(renderer, session.id, io), gone);
      if (unread) return EXIT.ok;
      if (outcome.error) reportError(hintedBy('run', outcome.error), io, 'reprise');
      if (outcome.status === 'step-limit') io.err.write(`reprise: stopped at the limit of ${outcome.steps} steps\n`);
      if (format === 'text' && sessionId !== null)
        io.err.write(`\nTo go on: reprise run --session ${sessionId} "…"\n`, 'dim');
      const code = exitCodeOfOutcome(outcome);
      return code === EXIT.interrupted ? (interrupts.code ?? code) : code;
    } finally {
      await sessions.close?.();
    }
  } catch (thrown) {
    const error = toCoded(thrown);
    renderer.fail(error, sessionId);
    reportError(hintedBy('run', error), io, 'reprise');
    return exitCodeOf(error);
  }
};

/** Where nobody sits at a terminal, says what waits for a person and how to answer. */
function withWaiting(renderer: Renderer, session: string, { stdin, err }: Io): Renderer {
  if (stdin.kind === 'terminal' && err.isTTY) return renderer;
  return {
    ...renderer,
    chunk: (chunk) => {
      renderer.chunk(chunk);
      if (chunk.type !== 'approval') return;
      const { id, tool, question, expires } = chunk;
      const how = question ? '--text "…"' : '--allow (or --always, or --deny)';
      err.write(`reprise: ${tool} waits for an answer${expires === undefined ? '' : ` until ${expires}`}\n`, 'yellow');
      err.write(`  reprise session answer ${session} ${id} ${how}\n`, 'dim');
    },
  };
}

/** What to do where a turn runs on the session already. */
function busyOf({ queue, steer }: RunFlags): 'fail' | 'queue' | 'steer' {
  if (queue && steer) throw usageError('--queue and --steer exclude each other', 'reprise run');
  return queue ? 'queue' : steer ? 'steer' : 'fail';
}

/**
 * Removes the session, or the copy, that a server made for a message and then refused it; here that is found out before. `had`: its messages before.
 * True where it is gone.
 */
async function forgotten(sessions: TurnSessions, id: string, had: number): Promise<boolean> {
  try {
    const { messageCount, seq } = await sessions.info(id);
    if (messageCount > had) return false;
    await sessions.delete(id, { expected: seq });
    return true;
  } catch {
    // Then it stays, as it was made, or with what somebody else has just said in it.
    return false;
  }
}

/** Shows a turn from its first chunk to its outcome; `gone`: whether nothing is left of its session. */
async function follow(
  turn: Turn,
  known: TurnFacts,
  renderer: Renderer,
  gone: (outcome: Outcome) => Promise<boolean>,
): Promise<Outcome> {
  let facts = known;
  let begun = false;
  let unwritable: { readonly error: unknown } | undefined;
  const show = (chunk?: Chunk): void => {
    try {
      if (!begun) renderer.begin(facts);
      begun = true;
      if (chunk) renderer.chunk(chunk);
    } catch (error) {
      // Nobody sees what it does (a full disk behind `>`), so it must not go on doing things.
      unwritable ??= { error };
      void turn.abort('the output can not be written');
    }
  };
  turn.once('start', ({ turn: id }) => {
    // A server says what the turn is called.
    facts = { ...facts, turn: id };
    show();
  });
  try {
    for await (const chunk of turn) show(chunk);
  } catch {
    // The same error is in the outcome.
  }
  const outcome = await turn.outcome();
  if (unwritable) throw unwritable.error;
  // Another process answered it, in its own turn.
  if (!begun && !outcome.error && outcome.message)
    show({ type: 'text', at: NOWHERE, content: outcome.message.content });
  const isGone = await gone(outcome);
  if (outcome.error && (isGone || !begun)) renderer.fail(outcome.error, isGone ? null : facts.sessionId);
  else renderer.end(outcome, facts);
  return outcome;
}

function noPrompt(operands: readonly string[]): string {
  if (operands.length > 0) throw usageError('--recover takes no prompt: the turn has one', 'reprise run');
  return '';
}

/** The words, then standard input. */
async function promptOf(operands: readonly string[], { stdin, err }: Io): Promise<string> {
  const words = operands
    .filter((word) => word !== '-')
    .join(' ')
    .trim();
  const insisted = words.length === 0 || operands.includes('-');
  if (insisted && stdin.kind === 'terminal') throw usageError('a prompt is missing', 'reprise run');
  const input = await readInput(stdin, !insisted);
  if (input === undefined) {
    err.write('reprise: nothing came on standard input, so going on without it (a lone "-" waits for it)\n', 'dim');
  }
  // Programs write it, and no text has it.
  if (input?.includes('\0') === true) {
    throw new RepriseError('INVALID_INPUT', 'Standard input is no text: it holds zero bytes.', {
      hint: 'Send a file along with --attach, or name it in the prompt.',
    });
  }
  const prompt = [words, input?.trim() ?? ''].filter((part) => part !== '').join('\n\n');
  if (prompt === '') throw usageError('a prompt is missing', 'reprise run');
  return prompt;
}
