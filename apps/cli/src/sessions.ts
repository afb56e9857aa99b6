import type {
  MessageInput,
  Session,
  SessionEvents,
  SessionOptions,
  SessionReader,
  Sessions,
  SessionStorage,
  Turn,
  TurnOptions,
} from '@reprise/core';
import type { Io } from '@reprise/tui';
import type { Defaults } from './commands/open-session.ts';
import type { RunFlags, StoreFlags } from './commands/options.ts';

/*
 * What commands ask of sessions. The library's own are that, and so are those of a server (`--server`); either is loaded only where it is used.
 */

/** A session that turns run on. */
export interface TurnSession extends Pick<Session, 'id' | 'state'> {
  /** Never on a server, which carries on open turns itself. */
  readonly recovering?: Turn | undefined;
  on<K extends 'warning' | 'turn'>(event: K, listener: (value: SessionEvents[K]) => void): unknown;
  turn(input: MessageInput, options?: TurnOptions): Turn;
  fork(): Promise<TurnSession>;
}

/** Only what was said; the rest is as the session has it, or as the composition makes it. */
export type TurnSettings = Partial<Omit<SessionOptions, 'sessionId' | 'autoSave'>>;

export interface TurnSessions extends Pick<Sessions, 'page' | 'usage' | 'info' | 'delete'> {
  create(options: TurnSettings): Promise<TurnSession>;
  load(id: string): Promise<TurnSession>;
  resume(id: string, options: TurnSettings): Promise<TurnSession>;
}

/** What changes sessions without a turn. */
export interface ChangeSessions extends Pick<Sessions, 'info' | 'delete'> {
  load(id: string): Promise<ChangeSession>;
  import(...given: Parameters<Sessions['import']>): Promise<Pick<Session, 'id'>>;
}

export interface ChangeSession extends Pick<Session, 'state' | 'answer' | 'export' | 'rewind' | 'undo' | 'redo'> {
  fork(...given: Parameters<Session['fork']>): Promise<Pick<Session, 'head'>>;
}

/** What only looks. */
export interface Reader extends Pick<SessionReader, 'list' | 'info' | 'show' | 'approvals' | 'usage' | 'tree'> {
  /** Absent where the store keeps no text index. */
  search?: SessionStorage['search'];
}

export interface Composition {
  readonly sessions: TurnSessions & Partial<Pick<Sessions, 'close'>>;
  readonly defaults: Defaults;
}

/** Sessions that run turns, and what a new one is made with where no option says it. The caller closes them. */
export async function openSessions(io: Io, flags: RunFlags): Promise<Composition> {
  const { server } = flags;
  if (server !== undefined) return (await import('./remote/turns.ts')).openRemote(io, flags, server);
  return (await import('./compose.ts')).openSessions(io, flags);
}

/** For commands that change sessions. */
export async function withSessions<T>(
  io: Io,
  flags: StoreFlags,
  work: (sessions: ChangeSessions) => Promise<T>,
): Promise<T> {
  const { server } = flags;
  if (server !== undefined) return work((await import('./remote/connect.ts')).connectTo(io, flags, server));
  return (await import('./compose.ts')).withSessions(io, flags, work);
}

/** For commands that only look. */
export async function withReader<T>(io: Io, flags: StoreFlags, work: (reader: Reader) => Promise<T>): Promise<T> {
  const { server } = flags;
  if (server !== undefined) return work((await import('./remote/connect.ts')).connectTo(io, flags, server));
  return (await import('./store.ts')).withStore(io, flags, work);
}
