import { expect } from 'vitest';
import { startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, Scripted } from '@reprise/fake-provider';
import { memoryStorage } from '@reprise/core';
import type { Chunk, Outcome, Session, Sessions, SessionsConfig, SessionStorage, Turn } from '@reprise/core';
import type { CassetteRecorder } from '@reprise/core/cassette';
import { createModels } from '@reprise/providers';
import { createNodeFetch } from '@reprise/providers/node-fetch';
import { MODELS, environmentOf, sessionsOn } from '../support.ts';
import { TestClock, really } from './clock.ts';
import { said } from './dialects.ts';

/** What the answer to every question is: two calls after some text, then the rest. */
export const CALLS = [
  { id: 'call_a', name: 'look', input: { at: 'Grüße {"x"}' } },
  { id: 'call_b', name: 'peek', input: { at: 'b' } },
];
export const FIRST = 'I look. ';
export const LAST = 'Done.';

export const first = (dialect: Dialect, delta = 8) => said(dialect, { text: FIRST, calls: CALLS, delta });
export const last = (dialect: Dialect) => said(dialect, { text: LAST });

export interface Theatre {
  readonly fake: FakeProvider;
  readonly clock: TestClock;
  readonly sessions: Sessions;
  readonly storage: SessionStorage;
  /** Calls that ran, with what they got. */
  readonly ran: { readonly tool: string; readonly params: unknown }[];
  begin(dialect: Dialect, options?: { readonly fallbackModels?: readonly string[] }): Promise<Session>;
  /** Runs the turn to its end. While no request is open, time jumps to the next timer that is at most a minute away. */
  finish(turn: Turn): Promise<Outcome>;
  /** Requests that the fake answered, by now, since the last time. */
  asked(): number;
  close(): Promise<void>;
}

/**
 * The default sessions over sockets on the fake provider, whose strict rules every request must keep, on a clock that the test moves. `recorder`:
 * records them.
 */
export async function theatre(more: Partial<SessionsConfig> = {}, recorder?: CassetteRecorder): Promise<Theatre> {
  const fake = await startFakeProvider({ strict: true });
  const clock = new TestClock();
  const storage = recorder?.storage(memoryStorage()) ?? memoryStorage();
  const made = createModels({ env: environmentOf(fake), fetch: createNodeFetch({}, { clock }) });
  const models = recorder?.models(made) ?? made;
  const parts = { storage, models, clock, random: () => 0.5, report: () => undefined, ...more };
  const sessions = sessionsOn('/tmp', fake, parts);
  const ran: { readonly tool: string; readonly params: unknown }[] = [];
  let seen = 0;
  let closed = 0;
  let counted = 0;
  const open = (): number => {
    for (; seen < fake.requests.length; seen += 1) void fake.requests[seen]?.closed.then(() => (closed += 1));
    return seen - closed;
  };
  return {
    fake,
    clock,
    sessions,
    storage,
    ran,
    async begin(dialect, options = {}) {
      const session = await sessions.create({ model: MODELS[dialect], tools: [], ...options });
      for (const name of ['look', 'peek']) {
        const handler = (params: unknown): string => {
          ran.push({ tool: name, params });
          return 'seen';
        };
        session.registerTool({ name, description: name, parameters: PARAMETERS, handler });
      }
      return session;
    },
    async finish(turn) {
      let outcome: Outcome | undefined;
      void turn.outcome().then((value) => (outcome = value));
      for (let idle = 0, quiet = 0; outcome === undefined;) {
        await really(1);
        const asking = open() > 0;
        idle = asking ? 0 : idle + 1;
        quiet = asking ? quiet + 1 : 0;
        // The short timers of an answer that is not over: its linger, its draft.
        if (idle > 3) clock.jump(60_000);
        else if (quiet > 40) clock.jump(1500);
      }
      return outcome;
    },
    asked() {
      const now = fake.requests.length - counted;
      counted = fake.requests.length;
      return now;
    },
    async close() {
      await sessions.close();
      await fake.close();
    },
  };
}

const PARAMETERS = { type: 'object', properties: { at: { type: 'string' } } } as const;

export interface Seen {
  readonly outcome: Outcome;
  readonly chunks: readonly Chunk[];
  readonly attempts: readonly { readonly attempt: number; readonly code: string; readonly waitMs: number }[];
}

/** One turn over these answers, with what people saw of it and what was recorded. */
export async function play(
  { fake, finish, storage }: Theatre,
  dialect: Dialect,
  session: Session,
  ...replies: readonly Scripted[]
): Promise<Seen> {
  fake.script(dialect, ...replies);
  const before = session.head.seq;
  const turn = session.turn('Go on.');
  const outcome = await finish(turn);
  const attempts: Seen['attempts'][number][] = [];
  for await (const page of storage.read(session.id, { after: before }))
    for (const { json } of page) {
      const record = JSON.parse(json) as { type: string } & Seen['attempts'][number];
      if (record.type === 'attempt') attempts.push(record);
    }
  const chunks: Chunk[] = [];
  try {
    for await (const chunk of turn) chunks.push(chunk);
  } catch {
    // The outcome tells.
  }
  return { outcome, chunks, attempts };
}

/** What somebody who follows the chunks has on the screen at the end. */
function screen(chunks: readonly Chunk[]): string {
  let before = '';
  let step = '';
  for (const chunk of chunks) {
    if (chunk.type === 'text') step += chunk.content;
    else if (chunk.type === 'reset') step = step.slice(0, chunk.offset);
    else if (chunk.type === 'tool_call') {
      before += step;
      step = '';
    }
  }
  return before + step;
}

/** The whole turn was seen and done once, however often it was tried. */
export function expectOnce({ outcome, chunks, attempts }: Seen, ran: Theatre['ran']): void {
  expect(outcome).toMatchObject({ status: 'done', message: { content: LAST }, steps: 2 });
  expect(screen(chunks)).toBe(FIRST + LAST);
  expect(ran.splice(0)).toEqual(CALLS.map(({ name, input }) => ({ tool: name, params: input })));
  const resets = chunks.flatMap((chunk) => (chunk.type === 'reset' ? [chunk] : []));
  expect(resets.map(({ at, offset, reason, waitMs }) => [at.attempt, offset, reason, waitMs])).toEqual(
    attempts.map(({ attempt, waitMs }) => [attempt, 0, 'retry', waitMs]),
  );
}

/** The session takes the next message, as a whole answer without a second try. */
export async function expectNext(stage: Theatre, dialect: Dialect, session: Session): Promise<void> {
  const { outcome, attempts } = await play(stage, dialect, session, last(dialect));
  expect([outcome.status, outcome.message?.content, attempts.length]).toEqual(['done', LAST, 0]);
  expect(stage.fake.pending(dialect)).toBe(0);
}
