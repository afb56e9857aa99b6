import type { Coded } from '../errors.ts';
import type { SessionHead, SessionState } from './storage.ts';
import type { Message } from './turn.ts';

/** Which messages of a session. */
export interface MessageQuery {
  /** Only messages before this record, the newest of them. Without `before` and `after`: the newest of all. */
  readonly before?: number;
  /** Only messages after this record, the oldest of them. */
  readonly after?: number;
  /** 1 to 1,000; 50 if absent. */
  readonly limit?: number;
  /** Also what lies before the last clear, and what was taken back. */
  readonly all?: boolean;
}

/** Messages in the order of the log, each with the number of its record and its turn; `before` or `after` for the next page, absent on the last one. */
export interface MessagePage {
  readonly items: readonly (Message & { readonly seq: number; readonly turn?: string })[];
  readonly before?: number;
  readonly after?: number;
  /** STORAGE_DAMAGED: what could not be read of the records that were looked at. What can be is here. */
  readonly error?: Coded;
}

/** Makes a change only if this is still the session's last record; CONFLICT, and nothing changed, where somebody was faster. */
export interface Expected {
  readonly expected?: number;
}

/** What people do to a conversation. An exchange is what the user said, with all that came of it. */
export type ConversationChange = 'exchange' | 'edit' | 'delete' | 'prune' | 'clear' | 'rewind';

/** What an undo or a redo was about. */
export interface Undone {
  readonly what: ConversationChange;
  /** The message that was said, changed, or rewound to, as it is after it; of a deletion that is made again, none. */
  readonly message?: Message;
}

/** What `export()` gives and `Session.import()` takes. An array of the spec's messages can be imported too. */
export interface ExportedSession {
  readonly format: 1;
  readonly id: string;
  readonly metadata: {
    readonly model: string;
    readonly createdAt: string;
    readonly title?: string;
    readonly cwd?: string;
    readonly tags?: readonly string[];
    readonly parent?: NonNullable<SessionHead['parent']>;
  };
  readonly state: SessionState;
  /** Everything, in the spec's shape. */
  readonly messages: readonly Message[];
  /** The log itself, so that an import is exact. */
  readonly records?: readonly unknown[];
  /** The files that the records name; absent where there are none. */
  readonly files?: readonly ExportedFile[];
}

/** An attachment in an export. */
export interface ExportedFile {
  readonly sha256: string;
  /** The bytes as base64. */
  readonly data?: string;
  /** Why the bytes are not here. All files of an export have at most 64 MiB together. */
  readonly missing?: string;
}
