import type { Principal } from './options.ts';

/** Whom a request comes from, as far as the program that took it knows. */
export interface Peer {
  /** The address of the client, not of a proxy before this server. */
  readonly address?: string;
}

/** What becomes known of a request on its way. */
export interface Call extends Peer {
  operation?: string;
  principal?: Principal;
  session?: string;
}

/** What is told of a request once its answer begins: nothing of what was said, and no token. */
export interface RequestEntry {
  /** ISO 8601. */
  readonly at: string;
  /** The operation of the OpenAPI description; absent where the request names none. */
  readonly operation?: string;
  readonly method: string;
  /** The name of the token; absent where none was found good. */
  readonly token?: string;
  readonly session?: string;
  readonly address?: string;
  readonly status: number;
  /** Milliseconds to the beginning of the answer. */
  readonly ms: number;
}
