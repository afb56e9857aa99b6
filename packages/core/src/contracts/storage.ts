/** The storage contract, version 1. Ids: `SESSION_ID`. Times: ISO 8601, UTC. Errors carry a code (see `ErrorCode`). */

/** A session id. It is also a folder name, so nothing else is ever let through. */
export const SESSION_ID: RegExp = /^[a-z0-9][a-z0-9_-]{0,127}$/;

/**
 * `json` is one JSON object as text: well-formed Unicode, no raw line break (what `JSON.stringify` gives), without `seq`
 * and without the session's id. A store gives back the same text, byte for byte (so: text, never a JSON column that
 * reorders keys or refuses U+0000).
 */
export interface StoredRecord {
  /** Position in the session, 1, 2, 3, … without gaps. */
  readonly seq: number;
  readonly json: string;
}

export interface SessionState {
  readonly id: string;
  /** The model's resolved name, for example `anthropic/claude-sonnet-4-5`. */
  readonly model: string;
  readonly createdAt: string;
  /** Time of the last message; the time of creation while there is none. */
  readonly lastMessage: string;
  /** User and assistant messages. */
  readonly messageCount: number;
  readonly tokenUsage: { readonly input: number; readonly output: number; readonly total: number };
  readonly tools: string[];
  readonly status: 'active' | 'idle' | 'error';
}

/** Summary that core computes and hands over with each append; a store keeps and lists it and never folds records itself. */
export interface SessionHead extends SessionState {
  /** Last record. */
  readonly seq: number;
  /** Newest record that a fold may start at (0 = none, start at 1). */
  readonly checkpoint: number;
  readonly title?: string;
  readonly cwd?: string;
  readonly tags?: readonly string[];
  /** `spawn`: a sub-session of that one; else a copy of it. */
  readonly parent?: { readonly id: string; readonly seq: number; readonly kind?: 'spawn' };
}

/** The right to write one session. */
export interface Lease {
  readonly id: string;
  /** Only grows, over all leases of the session. */
  readonly epoch: number;
  /** The tip at acquire, so that a cached handle can catch up: `seq` is exact, the rest may lag. `undefined` in a new session. */
  readonly head: SessionHead | undefined;
  /** Aborts when a takeover is noticed. Never aborts where `supports.takeover` is false. */
  readonly lost: AbortSignal;
  /** Contract: idempotent; the lease is free once resolved. Never rejects because of a lease already lost. */
  release(): Promise<void>;
}

export interface Owner {
  readonly name: string;
  readonly host?: string;
  readonly pid?: number;
}

export interface Query {
  /** Opaque, from the page before. */
  readonly cursor?: string;
  /** 1 to 1,000; 100 if absent. */
  readonly limit?: number;
  /** Newest first by this time; `lastMessage` if absent. Ties are ordered by id. */
  readonly order?: 'created' | 'lastMessage';
  readonly where?: {
    readonly cwd?: string;
    /** Of several, any. */
    readonly parent?: string | readonly string[];
    /** Only sub-sessions, or none of them. */
    readonly spawned?: boolean;
    /** Of several, all. */
    readonly tag?: string | readonly string[];
    readonly model?: string;
    readonly status?: SessionState['status'];
    /** Only sessions whose ordering time is at or after this one. */
    readonly since?: string;
  };
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** A place that could not be read. In `details.damage` of STORAGE_DAMAGED. */
export interface Damage {
  readonly kind: 'checksum' | 'sequence' | 'foreign' | 'first-line' | 'torn-tail' | 'empty';
  /** Line number (from 1) and byte offset, where the medium has them. */
  readonly line?: number;
  readonly byte?: number;
  readonly seq?: number;
  readonly note: string;
}

export interface Range {
  /** Only records with a greater seq. */
  readonly after?: number;
  /** Only records with a smaller seq. */
  readonly before?: number;
  /** Newest first. */
  readonly reverse?: boolean;
  /** At most so many records. */
  readonly limit?: number;
}

export interface Piece {
  /** Names the step in flight. A piece of another step makes the earlier ones obsolete. */
  readonly step: string;
  readonly attempt: number;
  /** Characters of the step shown before this piece. */
  readonly offset: number;
  readonly json: string;
}

export interface InboxEntry {
  /** Idempotency key, 1 to 128 characters of `A-Za-z0-9_-`. */
  readonly key: string;
  readonly json: string;
}

/**
 * Where sessions live. Seven required methods; the optional members are capabilities, and their presence is the
 * announcement. `@reprise/core/testing` holds the suite that every implementation passes.
 */
export interface SessionStorage {
  readonly contract: 1;
  readonly supports: {
    /** What was acknowledged survives kill -9 and power loss. */
    readonly durable: boolean;
    /** Whether several processes may share the store. */
    readonly processes: 'one' | 'many';
    /** Whether a lease can be taken from a holder that no longer answers. */
    readonly takeover: boolean;
  };

  /**
   * Contract: at most one live lease a session over all processes and instances. Answers at once, never waits:
   * SESSION_BUSY (`details.holder` is its Owner) while another holds it; `new` → SESSION_EXISTS when the id is taken;
   * `existing` → SESSION_NOT_FOUND; an id that breaks SESSION_ID → INVALID_INPUT; FORMAT_TOO_NEW without changing
   * anything. A session exists for `head`, `list`, `read` and `existing` from its first append on; a `new` lease that
   * was released or lost before leaves nothing behind that blocks the id. May be slow only where it has to tidy up after a crash.
   */
  acquire(id: string, how: { readonly owner: Owner; readonly expect: 'new' | 'existing' }): Promise<Lease>;

  /**
   * Contract: all of `records` or none, as seqs expected+1…; durable once resolved; appends that are called one after the other are
   * stored in that order. `head` is what the session is after the batch; the stored head may lag while a lease is held or after a
   * crash, never lead, and is exact once the lease is released. CONFLICT when `expected` is not the last seq; FENCED when the lease is
   * lost or released, or somebody else wrote; INVALID_INPUT for text that is not one line of well-formed JSON object; STORAGE_FULL
   * and STORAGE_FAILED leave the log as it was, and the same lease may try again. An empty batch stores the head alone. Costs
   * what the batch costs, however long the log is.
   */
  append(
    lease: Lease,
    batch: { readonly expected: number; readonly records: readonly string[]; readonly head: SessionHead },
  ): Promise<void>;

  /**
   * Contract: never writes, needs no lease, works while another process writes: whole acknowledged records in order, in
   * pages of at most 1 MiB of text or one record. The set is fixed at the first page. SESSION_NOT_FOUND. Damage does not
   * hide its neighbours: every readable record of the range is given, then STORAGE_DAMAGED is thrown with
   * `details.damage: Damage[]`. An unfinished last record (a writer at work or killed) is no damage and is left out; an unreadable
   * last one that was acknowledged keeps its number. Costs what the range costs, not what lies before it.
   */
  read(id: string, range?: Range): AsyncIterable<readonly StoredRecord[]>;

  /** Contract: never writes; `undefined` where there is no such session. May lag as `append` says; may be slow where a crash lost it. */
  head(id: string): Promise<SessionHead | undefined>;

  /**
   * Contract: never opens the history of a session whose head is there; sessions that are half made or being removed are passed over,
   * and one that can't be read hides no other. Ordered as `Query` says, also across pages. A bad cursor is INVALID_INPUT.
   */
  list(query?: Query): Promise<Page<SessionHead>>;

  /** Contract: atomic, the session is there whole or gone, and durable once resolved; the lease ends with it. FENCED as `append`. May be slow. */
  remove(lease: Lease): Promise<void>;

  /** Contract: idempotent; releases every lease of this instance. Later calls: STORAGE_FAILED. */
  close(): Promise<void>;

  /** Text of the step in flight: survives kill -9 (a power cut may take it). Without it partial text is lost in a crash. */
  readonly draft?: {
    /** Contract: appended in order; cheap, unsynced. FENCED as `append`. */
    add(lease: Lease, piece: Piece): Promise<void>;
    /** Contract: drops every piece; called once the step is stored. FENCED as `append`. */
    clear(lease: Lease): Promise<void>;
    /** Contract: whole pieces only, in order; a torn last one is left out. Needs no lease. Nothing there: an empty list. */
    read(id: string): Promise<readonly Piece[]>;
  };

  /** Attachments by content. Durable before the record that names it; forks may share it. Without it core inlines up to 1 MiB as base64. */
  readonly blobs?: {
    /**
     * Contract: whole or not at all, also where `bytes` fails; durable once resolved; the same bytes again are the same blob. Also
     * before the first record. FENCED as `append`, STORAGE_FULL, STORAGE_FAILED. As slow as the bytes are many; never holds all of them.
     */
    put(lease: Lease, bytes: AsyncIterable<Uint8Array>): Promise<{ readonly sha256: string; readonly size: number }>;
    /** Contract: the bytes, in parts; needs no lease. STORAGE_FAILED where the session has no such blob, STORAGE_DAMAGED at the end of changed ones. */
    get(id: string, sha256: string): AsyncIterable<Uint8Array>;
  };

  /** Messages, answers and aborts from others than the holder: no lease, durable, idempotent by key, delivered at least once. */
  readonly inbox?: {
    /** Contract: durable once resolved; a key that waits already keeps its first text. SESSION_NOT_FOUND; INVALID_INPUT for a bad key. */
    put(id: string, entry: InboxEntry): Promise<void>;
    /** Contract: takes nothing; in the order of arrival as well as the medium knows it. FENCED as `append`. */
    peek(lease: Lease): Promise<readonly InboxEntry[]>;
    /** Contract: drops the named entries and no other; unknown keys are nothing. A crash may bring one back. FENCED as `append`. */
    drop(lease: Lease, keys: readonly string[]): Promise<void>;
  };

  /**
   * Contract: hints only, many changes may be one: yields at the start and when there may be something new, so that a follower who then
   * reads from its own seq misses nothing. Ends with `signal`. SESSION_NOT_FOUND. Without it core polls.
   */
  watch?(id: string, signal: AbortSignal): AsyncIterable<void>;

  /**
   * Contract: `to` is new and empty (else CONFLICT); records 1…through keep seq and text; blobs come along and outlive the source,
   * which is only read and may be in use. All or nothing, durable once resolved. INVALID_INPUT for more than there is;
   * STORAGE_DAMAGED, and no session, where damage keeps it from that. May be slow: as slow as the bytes are many.
   */
  copy?(from: { readonly id: string; readonly through: number }, to: Lease, head: SessionHead): Promise<void>;

  /**
   * Contract: replaces the whole log (purge, repair, migration), all or nothing, also where `records` fails; durable once resolved. The
   * lease goes on from the new tip. FENCED and errors as `append`. May be slow: as slow as the records are many.
   */
  rewrite?(lease: Lease, records: AsyncIterable<readonly StoredRecord[]>, head: SessionHead): Promise<void>;

  /**
   * Contract: the records whose message holds the words of `text`, of the sessions that `query` asks for, newest session first; never
   * one that was removed. A store says in its documentation what a word is. INVALID_INPUT for a bad cursor or nothing to look for. May be
   * slow the first time.
   */
  search?(
    text: string,
    query?: Query,
  ): Promise<Page<{ readonly id: string; readonly seq: number; readonly excerpt: string }>>;
}

/** The shape of a storage module's default export. */
export type StorageFactory<O = unknown> = (options: O) => SessionStorage;
