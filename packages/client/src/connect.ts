import type {
  Asker,
  Coded,
  Expected,
  ExportedSession,
  FeedEvent,
  FollowOptions,
  Message,
  OnAsk,
  Page,
  PendingAsk,
  Query,
  SessionHead,
  SessionOptions,
  SessionTree,
  SessionUsage,
  TreeOptions,
} from '@reprise/core';
import { RepriseError, systemClock } from '@reprise/core/turn';
import type { Clock } from '@reprise/core';
import { follow } from './follow.ts';
import type { Connection, Fetch } from './http.ts';
import { ask } from './http.ts';
import { makeKeys } from './keys.ts';
import { everyMessage } from './messages.ts';
import { approvalsOf, checkId, usageOf } from './reads.ts';
import type { Facts, RemoteSession, SessionChange } from './session.ts';
import { RemoteHandle } from './session.ts';

export interface ConnectOptions {
  /** Of the server, for example `http://127.0.0.1:4096`. */
  readonly url: string;
  /** What `reprise serve` keeps in its token file. It goes into a header, never into a URL. */
  readonly token: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the platform's. */
  readonly fetch?: Fetch;
  /** Milliseconds until a request must be answered; default 60,000. Streams are answered at once and then go on. */
  readonly timeoutMs?: number;
  /** Milliseconds of silence after which a stream is taken for broken and resumed; default 45,000, three of the server's heartbeats. */
  readonly idleMs?: number;
  /** Milliseconds for which a broken stream is resumed again and again before it fails with NETWORK; default 300,000. */
  readonly patienceMs?: number;
  readonly clock?: Clock;
  /** A number in [0, 1), for the waits between tries. */
  readonly random?: () => number;
  /** Fresh idempotency keys. Default: UUIDs with the time in front (version 7), by which the ids of sessions that are made here sort by age. */
  readonly keys?: () => string;
  /** Who is asked what turns of this connection wait for: its answer is sent to the server. Without it `session.answer` is the way. */
  readonly ask?: Asker;
  /** What happens to calls that a person must agree to, in turns of this connection that don't say it. Default: what the server does. */
  readonly onAsk?: OnAsk;
  /** Errors that have no other reader (a listener that threw). Default: `console.error`. */
  readonly report?: (error: unknown) => void;
}

export interface RemoteModel {
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  readonly key?: 'set' | 'missing' | 'not-needed';
  readonly aliases?: readonly string[];
}

type NewSession = SessionChange & Pick<SessionOptions, 'sessionId'>;

/** The sessions of a server: what `Sessions` of `@reprise/core` does, there. */
export interface RemoteSessions {
  /** `model` may be left to the server. */
  create(options?: NewSession): Promise<RemoteSession>;
  resume(id: string, change?: SessionChange): Promise<RemoteSession>;
  load(id: string): Promise<RemoteSession>;
  list(query?: Omit<Query, 'cursor' | 'limit'>): Promise<SessionHead[]>;
  page(query?: Query): Promise<Page<SessionHead>>;
  info(id: string): Promise<SessionHead>;
  /** What loads, with the damage found. */
  show(id: string): Promise<{
    readonly head: SessionHead;
    readonly messages: readonly Message[];
    readonly error?: Coded;
  }>;
  follow(id: string, options?: FollowOptions): AsyncIterable<FeedEvent>;
  approvals(id: string): Promise<readonly PendingAsk[]>;
  usage(id: string): Promise<SessionUsage>;
  tree(id: string, options?: TreeOptions): Promise<SessionTree>;
  /** CONFLICT where the session is not at record `expected` any more. */
  delete(id: string, options?: Expected): Promise<void>;
  import(
    data: ExportedSession | unknown,
    options?: { readonly newId?: boolean; readonly model?: string },
  ): Promise<RemoteSession>;
  search(
    text: string,
    query?: Pick<Query, 'cursor' | 'limit'>,
  ): Promise<Page<{ readonly id: string; readonly seq: number; readonly excerpt: string }>>;
  models(): Promise<readonly RemoteModel[]>;
  tools(): Promise<readonly { readonly name: string; readonly description: string }[]>;
}

/** Nothing is sent before the first call. INVALID_INPUT for a URL that is none. */
export function connect(options: ConnectOptions): RemoteSessions {
  const connection = connectionOf(options);
  const facts: Facts = {
    connection,
    fresh: options.keys ?? makeKeys(() => connection.clock.now()),
    report: options.report ?? ((error) => console.error(error)),
    ...(options.ask && { ask: options.ask }),
    ...(options.onAsk && { onAsk: options.onAsk }),
  };
  const opened = (head: SessionHead): RemoteSession => new RemoteHandle(facts, head);
  const info = async (id: string): Promise<SessionHead> => {
    checkId(id);
    return ask(connection, { method: 'GET', path: `/sessions/${id}` });
  };
  const page = ({ cursor, limit, order, where = {} }: Query = {}): Promise<Page<SessionHead>> =>
    ask(connection, { method: 'GET', path: '/sessions', query: { cursor, limit, order, ...where } });
  const items = async <T>(path: string): Promise<readonly T[]> =>
    (await ask<{ items: readonly T[] }>(connection, { method: 'GET', path })).items;

  const sessions: RemoteSessions = {
    info,
    page,
    async create({ sessionId, ...options } = {}) {
      if (sessionId !== undefined) return sessions.resume(sessionId, options);
      return opened(await ask(connection, { method: 'POST', path: '/sessions', body: options, key: facts.fresh() }));
    },
    async resume(id, change = {}) {
      const session = await sessions.load(id);
      if (Object.values(change).some((value) => value !== undefined)) await session.update(change);
      return session;
    },
    load: async (id) => opened(await info(id)),
    async list(query = {}) {
      const found: SessionHead[] = [];
      let cursor: string | undefined;
      do {
        const next: Page<SessionHead> = await page({ ...query, limit: 1000, ...(cursor !== undefined && { cursor }) });
        found.push(...next.items);
        cursor = next.cursor;
      } while (cursor !== undefined);
      return found;
    },
    async show(id) {
      const head = await info(id);
      return { head, ...(await everyMessage(connection, id, true)) };
    },
    follow(id, options) {
      checkId(id);
      return follow(connection, id, options);
    },
    approvals: (id) => approvalsOf(connection, id),
    usage: (id) => usageOf(connection, id),
    tree(id, options = {}) {
      checkId(id);
      return ask(connection, { method: 'GET', path: `/sessions/${id}/tree`, query: { ...options } });
    },
    async delete(id, { expected } = {}) {
      checkId(id);
      const path = `/sessions/${id}`;
      await ask(connection, { method: 'DELETE', path, ...(expected !== undefined && { ifMatch: expected }) });
    },
    async import(data, options = {}) {
      const body = { session: data, ...options };
      return opened(await ask(connection, { method: 'POST', path: '/import', body, key: facts.fresh() }));
    },
    search: (text, { cursor, limit } = {}) =>
      ask(connection, { method: 'GET', path: '/search', query: { q: text, cursor, limit } }),
    models: () => items('/models'),
    tools: () => items('/tools'),
  };
  return sessions;
}

function connectionOf(options: ConnectOptions): Connection {
  const { url, token, headers = {}, clock = systemClock, random = Math.random } = options;
  const { timeoutMs = 60_000, idleMs = 45_000, patienceMs = 300_000 } = options;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new RepriseError('INVALID_INPUT', `${JSON.stringify(url)} is no URL of a server.`, {
      hint: 'For example http://127.0.0.1:4096; `reprise serve` prints it.',
    });
  }
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw new RepriseError('INVALID_INPUT', 'The token must be a word without spaces.', {
      hint: '`reprise serve` prints where its token is.',
    });
  }
  // The platform's own must not be called as a method of something else.
  const fetch: Fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  return { url: url.replace(/\/+$/, ''), token, headers, fetch, clock, random, timeoutMs, idleMs, patienceMs };
}
