/** The names that the specification's code takes from around it, for the type checker. */
import type { ExportedSession, Session } from '@reprise/session';

export declare const session: Session;
export declare const messageId: string;
export declare const exportedData: ExportedSession;
