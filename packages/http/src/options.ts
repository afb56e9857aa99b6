import type { Clock, Session, SessionOptions, SessionStorage, Tool, Turn } from '@reprise/core';
import type { RequestEntry } from './call.ts';

/** So many requests at once, and then so many a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export const SCOPES = ['read', 'write', 'approve', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What somebody may do who has the token of this name. */
export interface TokenGrant {
  /** For people and logs; never the token itself. */
  readonly name: string;
  /** All of them if absent. `admin` includes the others. */
  readonly scopes?: readonly Scope[];
  /** Only sessions of its own: those that it made, or that bear the tag `owner:` and its name. All others are not there for it. */
  readonly owns?: boolean;
  /** In place of the server's `rate`. */
  readonly rate?: Rate;
}

/** Whoever knows the token may do what the rest says. */
export type AccessToken = TokenGrant &
  (
    | {
        /** At least 16 characters. */
        readonly token: string;
      }
    | {
        /** The SHA-256 of the token in hexadecimal, for who keeps no secret. Only for tokens made at random: a hash of a word is soon guessed. */
        readonly sha256: string;
      }
  );

/** Who asks, once the token was found good. */
export interface Principal {
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The tag of the sessions that there are for them; all if absent. */
  readonly owner?: string;
}

export interface Limits {
  /** Bytes of a JSON body; an import may have 64 times as many. Default 1 MiB. */
  readonly bodyBytes: number;
  /** Turns that run at once, over all sessions. Default 16. */
  readonly turns: number;
  /** Messages that wait for their turn, over all sessions. Default 256. */
  readonly waiting: number;
  /** Bytes of the bodies of messages that wait for a place, over all sessions. Default 64 MiB. */
  readonly waitingBytes: number;
  /** Messages that wait or run on one session. Default 16. */
  readonly perSession: number;
  /** Sessions that are kept open between two requests. Default 64. */
  readonly openSessions: number;
  /** Milliseconds after which a session that nobody uses is let go. Default 60,000. */
  readonly idleMs: number;
  /** Event streams at once. Default 4096. */
  readonly streams: number;
  /** Milliseconds between two signs of life on a stream. Default 15,000. */
  readonly heartbeatMs: number;
  /** Milliseconds for which a stream may be left unread before it is ended; its reader may come back. Default 60,000. */
  readonly stalledMs: number;
}

export const LIMITS: Limits = {
  bodyBytes: 1 << 20,
  turns: 16,
  waiting: 256,
  waitingBytes: 64 << 20,
  perSession: 16,
  openSessions: 64,
  idleMs: 60_000,
  streams: 4096,
  heartbeatMs: 15_000,
  stalledMs: 60_000,
};

/** A model that can be named, as `GET /v1/models` tells it. */
export interface ModelRow {
  readonly name: string;
  readonly provider: string;
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  readonly key?: 'set' | 'missing' | 'not-needed';
  readonly aliases?: readonly string[];
}

export interface ServerOptions {
  /** At least one: there is no access without a token. `Server.setTokens` takes others. */
  readonly tokens: readonly AccessToken[];
  /** Host names (without port) under which the server may be asked; default: those of this machine's loopback. */
  readonly hosts?: readonly string[];
  /** Origins of web pages (`https://app.example`) that may ask, beside pages of the server's own; default: none. */
  readonly origins?: readonly string[];
  /** Model of new sessions whose request names none. */
  readonly defaultModel?: string | (() => string);
  /** What else new sessions have that their request does not say. */
  readonly defaults?: Partial<Omit<SessionOptions, 'model' | 'sessionId' | 'autoSave' | 'recover'>>;
  readonly models?: () => readonly ModelRow[];
  readonly tools?: readonly Pick<Tool, 'name' | 'description'>[];
  /** `storage.search` of the store behind the sessions; without it searching is UNSUPPORTED. */
  readonly search?: SessionStorage['search'];
  readonly limits?: Partial<Limits>;
  /** How often each token may ask; default: as often as it likes. Wrong tokens are always limited, where the address is known. */
  readonly rate?: Rate;
  /** Gets one entry for each request when its answer begins, refused ones too. What it throws goes to `report`. */
  readonly audit?: (entry: RequestEntry) => void;
  /** Gets each turn that is asked for here, with its session, before it begins: for traces, and what else watches turns. What it throws goes to `report`. */
  readonly onTurn?: (turn: Turn, session: Session) => void;
  /** Seconds that the event loop was late at worst since it was asked last, for `GET /metrics`; `eventLoopLag()` of `@reprise/http/node` tells it. */
  readonly lag?: () => number;
  readonly clock?: Clock;
  /** Of the program, as `GET /v1/stats` and the OpenAPI description tell it. */
  readonly version?: string;
  /** Errors that no answer tells in full. Default: `console.error`. */
  readonly report?: (error: unknown) => void;
}
