import type {
  Budget,
  Chunk,
  Coded,
  Message,
  Outcome,
  Session,
  SessionHead,
  Sessions,
  Turn,
  TurnOptions,
} from '@reprise/core';
import { RepriseError } from '@reprise/core';

export const AT = { seq: 1, attempt: 1, offset: 0 } as const;
export const USAGE = { input: 10, output: 5, cached: 0, reasoning: 0, total: 15 };

export const answer = (content: string): Message => ({
  id: 'm2',
  role: 'assistant',
  content,
  timestamp: '2030-01-01T00:00:00.000Z',
});

export const head = (id: string, more: Partial<SessionHead> = {}): SessionHead => ({
  id,
  model: 'demo/offline',
  createdAt: '2030-01-01T00:00:00.000Z',
  lastMessage: '2030-01-01T00:01:00.000Z',
  messageCount: 2,
  tokenUsage: { input: 10, output: 5, total: 15 },
  tools: ['read'],
  status: 'idle',
  seq: 4,
  checkpoint: 0,
  ...more,
});

export interface Script {
  readonly chunks?: readonly Chunk[];
  readonly outcome?: Partial<Outcome>;
  /** After the last chunk the turn waits for `abort`. */
  readonly hangs?: boolean;
  /** Of the sessions that are there. */
  readonly budget?: Budget;
  /** Before there is a session. */
  readonly unfit?: Coded;
  /** Before the turn starts. */
  readonly refused?: Coded;
}

/** Sessions that play a script and write down what is asked of them. */
export function fakeSessions(script: Script = {}, heads: readonly SessionHead[] = []) {
  const calls: [name: string, ...args: unknown[]][] = [];

  /** Of each session. */
  let messages = 2;
  const turn = (): Turn => {
    if (script.refused === undefined) messages += 1;
    const aborted = Promise.withResolvers<void>();
    const failure = script.refused ?? script.outcome?.error;
    const outcome = async (): Promise<Outcome> => {
      if (script.hangs) await aborted.promise;
      return {
        status: script.refused ? 'failed' : script.hangs ? 'aborted' : 'done',
        finishReason: 'stop',
        message: answer('Hello'),
        tokens: USAGE.total,
        usage: USAGE,
        steps: 1,
        ...script.outcome,
        ...(failure && { error: failure }),
      };
    };
    const self: Turn = {
      id: 't1',
      async *[Symbol.asyncIterator]() {
        for (const chunk of script.chunks ?? []) yield chunk;
        if (script.hangs) await aborted.promise;
        if (failure) throw failure;
      },
      on: () => self,
      once(event, listener) {
        if (event === 'start' && !script.refused)
          queueMicrotask(() => (listener as (start: unknown) => void)({ turn: 't1', session: 's' }));
        return self;
      },
      off: () => self,
      outcome,
      abort: (reason) => {
        calls.push(['abort', reason]);
        aborted.resolve();
        return outcome();
      },
    };
    return self;
  };

  const session = (id: string): Session =>
    ({
      id,
      state: head(id),
      head: head(id, { parent: { id: 'old', seq: 3 } }),
      on: () => undefined,
      turn: (input: unknown, options: TurnOptions = {}) => {
        calls.push(options.output === undefined ? ['turn', input] : ['turn', input, options]);
        return turn();
      },
      fork: async (options?: unknown) => {
        calls.push(['fork', id, options]);
        return session('copy');
      },
      export: async () => ({ format: 1, id }),
    }) as unknown as Session;

  const known = (id: string): Session => {
    if (id === 'gone') throw new RepriseError('SESSION_NOT_FOUND', 'There is no session gone.');
    return session(id);
  };
  const sessions = {
    create: async (options: unknown) => (calls.push(['create', options]), session('new')),
    resume: async (id: string, options: unknown) => (calls.push(['resume', id, options]), known(id)),
    load: async (id: string) => (calls.push(['load', id]), known(id)),
    list: async () => heads,
    page: async (query: unknown) => (calls.push(['page', query]), { items: heads }),
    usage: async (id: string) => (calls.push(['usage', id]), { budget: script.budget }),
    info: async (id: string) => ({ ...known(id).head, messageCount: messages }),
    show: async (id: string) => ({ head: known(id).head, messages: [answer('Hello')] }),
    delete: async (...given: unknown[]) => void calls.push(['delete', ...given]),
    import: async (data: unknown, options: unknown) => (calls.push(['import', data, options]), session('imported')),
    close: async () => void calls.push(['close']),
  } as unknown as Sessions;
  return { sessions, calls };
}
