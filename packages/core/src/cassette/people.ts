import { NOBODY } from '../asks/words.ts';
import type { Rec, TurnEndRecord } from '../records/types.ts';

/** What people had to do with a turn. */
export interface People {
  /** Calls about which they were asked. */
  readonly asked: ReadonlySet<string>;
  /** … and which they did not allow, or not in time. */
  readonly denied: ReadonlySet<string>;
  /** The turn was not to wait for people and ended, because this tool needed one. */
  readonly needed?: { readonly tool: string; readonly reason?: string };
}

/** As the model was told it of a call for which nobody was there. */
export const DENIED = 'Permission denied: ';
export const UNASKED = `${DENIED}${NOBODY}`;
const NEEDED = /^([^]+?) needs a person to agree(?:\.$|: ([^]*))/;

export function peopleOf(records: readonly Rec[], end: TurnEndRecord | undefined): People {
  const asks = records.flatMap((record) => (record.type === 'ask' ? [record] : []));
  const no = new Set(
    records.flatMap((record) =>
      record.type === 'answer' && (record.verdict === 'deny' || record.verdict === 'expired') ? [record.ask] : [],
    ),
  );
  // A question, or one of a sub-session, came while the call ran.
  const refused = asks.filter(({ id, question, path }) => no.has(id) && question === undefined && path === undefined);
  const [, tool, reason] = (end?.error?.code === 'PERMISSION_DENIED' && NEEDED.exec(end.error.message)) || [];
  return {
    asked: new Set(asks.map(({ call }) => call)),
    denied: new Set(refused.map(({ call }) => call)),
    ...(tool !== undefined && { needed: { tool, ...(reason !== undefined && { reason }) } }),
  };
}
