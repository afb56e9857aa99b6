import type { ForkOptions, Session } from '../contracts/session.ts';
import type { Family } from '../turn/family.ts';
import type { Purse } from '../turn/purse.ts';
import type { LiveSession } from './live.ts';
import type { Parts } from './parts.ts';

/** What a session can do with others. */
export interface Doors {
  fork(parent: Parts, options: ForkOptions): Promise<Session>;
  /** Makes a session known in this process. */
  adopt(live: LiveSession): Parts;
  /** SESSION_NOT_FOUND. */
  find(id: string): Promise<Parts>;
  /** Is told when the first turn of a session begins and when its last ends. */
  working(parts: Parts, whether: boolean): void;
}

export interface Above {
  readonly purse: Purse;
  readonly family: Family;
  readonly signal: AbortSignal;
  /** Records what was spent up to now. */
  readonly tell: () => Promise<void>;
}
