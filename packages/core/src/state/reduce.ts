import { RepriseError } from '../errors.ts';
import type {
  AttemptRecord,
  BodyRecord,
  BoundaryRecord,
  DeleteRecord,
  EditRecord,
  MessageRecord,
  Rec,
  ResultRecord,
  StepRecord,
} from '../records/types.ts';
import {
  carriedOn,
  chargeAttempt,
  chargeBoundary,
  chargeEnd,
  chargeStep,
  childSpent,
  forked,
  reserved,
  spawned,
} from './account.ts';
import { fromCheckpoint } from './checkpoint.ts';
import { answered, asked, begun, resumed, ungranted } from './asks.ts';
import { keptIn, withKey } from './keys.ts';
import { List } from './list.ts';
import type { Change, Entry, OpenTurn, State } from './state.ts';
import { EMPTY, entryOf, opened } from './state.ts';
import { inWindow, judged, voided, withRequests } from './verdicts.ts';

/**
 * The state after `record`, which is record `seq` and `characters` long. Pure: no clock, no I/O, nothing given is changed. A record that
 * makes no sense where it stands (an edit of what is gone, a second end of a turn) changes nothing but `seq`: every prefix of
 * every log has a valid state. `undefined` is a record of a type that this code doesn't know.
 */
export function reduce(state: State, seq: number, record: Rec | undefined, characters: number): State {
  const next: State = {
    ...state,
    seq,
    since: { records: state.since.records + 1, characters: state.since.characters + characters },
  };
  if (record === undefined) return next;
  switch (record.type) {
    case 'session': {
      const { type: _type, at, format: _format, ...facts } = record;
      return { ...next, ...facts, createdAt: at, lastMessage: at, clearedFrom: seq, windowFrom: seq };
    }
    case 'message': {
      // A message of the turn that runs steers it.
      const begins = record.turn !== next.open?.turn ? record.turn : undefined;
      const titled =
        next.title === undefined && record.role === 'user' ? { ...next, title: titleOf(saidIn(record)) } : next;
      const begun = found(
        begins === undefined
          ? corrected(titled, record)
          : { ...titled, open: opened(begins, seq, record), failed: false },
        record.attachments,
      );
      const { key } = record;
      const known = key === undefined ? begun : { ...begun, keys: withKey(begun.keys, key) };
      return push(known, entryOf(seq, record), record.role);
    }
    case 'step':
      return withOpenStep(push(next, entryOf(seq, record), 'assistant'), record);
    case 'result': {
      const open = next.open;
      // Outside a turn only an import has results: they follow their step.
      if (open === undefined) return called(next, record) ? push(next, entryOf(seq, record)) : next;
      if (!open.pending.some((call) => call.id === record.call)) return next;
      const pending = open.pending.filter((call) => call.id !== record.call);
      return push({ ...next, open: { ...open, pending, last: record.at } }, entryOf(seq, record));
    }
    case 'ask':
      return asked(next, record);
    case 'answer':
      return answered(next, record);
    case 'start':
      return begun(next, record);
    case 'verdict':
      return judged(next, record);
    case 'attempt':
      return next.open?.turn === record.turn ? attempted(next, record) : next;
    case 'reserve':
      return reserved(next, record);
    case 'carry-on':
      return carriedOn(next, record);
    case 'spawn':
      return spawned(next, record);
    case 'spent':
      return childSpent(next, record);
    case 'repair': {
      const { repair: _repair, ...rest } = next;
      return record.repair === undefined ? rest : { ...rest, repair: record.repair };
    }
    case 'turn-end': {
      if (next.open?.turn !== record.turn) return next;
      const { open: _open, ...rest } = chargeEnd(voided(next), record);
      const failed = record.status === 'failed';
      // An answer that did not fit was no refusal.
      const unfit = next.open.corrections !== undefined;
      return { ...rest, failed, refused: failed && !unfit && record.error?.code === 'PROVIDER' };
    }
    case 'edit':
      return changed(next, record);
    case 'delete':
      return deleted(next, record);
    case 'boundary':
      return moved(next, record);
    case 'rewind':
    case 'undo': {
      // A turn ends before anybody takes something back.
      const { open: _open, ...rest } = next;
      return { ...rest, messageCount: record.messages, failed: false, refused: false, stale: true };
    }
    case 'change': {
      const { type: _type, at: _at, reason: _reason, settings, ...facts } = record;
      const prefixed = facts.model ?? facts.system ?? facts.tools;
      const prefixFrom = prefixed === undefined ? next.prefixFrom : seq;
      // What one model refused, another may take.
      const { repair, ...rest } = next;
      const repaired = facts.model === undefined && repair !== undefined ? { repair } : {};
      return { ...rest, ...repaired, ...facts, settings: { ...next.settings, ...settings }, prefixFrom };
    }
    case 'fork': {
      // Who made the session that this is a copy of did not make the copy.
      const { madeBy: _, ...copy } = forked(voided(next));
      const { parent, at, madeBy } = record;
      return ungranted({ ...copy, parent, createdAt: at, ...(madeBy !== undefined && { madeBy }) });
    }
    case 'warning':
      return next;
    case 'file-lost':
      return { ...next, lost: [...(next.lost ?? []), record.sha256], prefixFrom: seq };
    case 'checkpoint':
      // The fold so far is the truth; a fold that starts here gets the same from the record (a law that is tested).
      return kept({ ...next, checkpoint: seq, since: { records: 0, characters: 0 } }, record.state);
    default:
      return record satisfies never;
  }
}

/** Right after a checkpoint that holds `stored`, which need not be said again. */
function kept(state: State, stored: unknown): State {
  const keys = keptIn(state.keys, state.checkpoint, stored);
  return keys === state.keys || keys === undefined ? state : { ...state, keys };
}

/** The state that a checkpoint record holds, before its window is loaded. Throws STORAGE_DAMAGED where it holds none. */
export function startAt(seq: number, record: Rec | undefined): { state: State; window: readonly number[] } {
  if (record?.type !== 'checkpoint') {
    throw new RepriseError('STORAGE_DAMAGED', `Record ${seq} should be a checkpoint.`, {
      details: { damage: [{ kind: 'foreign', seq, note: 'not a checkpoint' }] },
    });
  }
  const { state, window } = fromCheckpoint(record, seq);
  const at = { checkpoint: seq, since: { records: 0, characters: 0 } };
  return { state: kept({ ...EMPTY, ...state, ...at }, record.state), window };
}

/** Puts the bodies of the window into a state that came from a checkpoint. */
export function withWindow(
  state: State,
  bodies: readonly { readonly seq: number; readonly record: BodyRecord }[],
): State {
  const entries = bodies.map(({ seq, record }) => {
    const change = record.type === 'result' ? undefined : state.edits[record.id];
    return entryOf(seq, change === undefined || record.type === 'result' ? record : edited(record, change));
  });
  return { ...state, entries: List.of(entries), tokens: total(entries) };
}

/** A message after an edit. Its text is another one, so parts and signatures that spoke of the old text go; calls stay. */
export function edited<R extends { content: string; important?: boolean }>(record: R, change: Change): R {
  const next = { ...record };
  if (change.content !== undefined) {
    next.content = change.content;
    if ('parts' in next) delete next.parts;
  }
  if (change.important !== undefined) next.important = change.important;
  return next;
}

function corrected(state: State, { correction }: MessageRecord): State {
  const { open } = state;
  if (open === undefined || correction === undefined) return state;
  return { ...state, open: { ...open, corrections: (open.corrections ?? 0) + 1 } };
}

/** A file that is attached again is there again, also where it was attached before. */
function found(state: State, attachments: MessageRecord['attachments'] = []): State {
  const { lost, ...rest } = state;
  const left = lost?.filter((sha256) => !attachments.some((file) => file.sha256 === sha256));
  if (lost === undefined || left === undefined || left.length === lost.length) return state;
  return { ...rest, ...(left.length > 0 && { lost: left }), prefixFrom: state.seq };
}

function saidIn({ content, attachments = [] }: MessageRecord): string {
  return content.trim() === '' ? (attachments[0]?.name ?? content) : content;
}

/** A session without a title is named by the first line that its user said. */
function titleOf(content: string): string {
  const line = content.trim().split('\n', 1)[0] ?? '';
  // Not in the middle of a surrogate pair.
  return line.length > 80 ? `${line.slice(0, 79).replace(/[\ud800-\udbff]$/, '')}…` : line;
}

function push(state: State, entry: Entry, role?: 'user' | 'assistant' | 'system'): State {
  const counts = role === 'user' || role === 'assistant';
  const record = entry.record;
  return {
    ...state,
    entries: state.entries.append(entry),
    tokens: state.tokens + entry.tokens,
    messageCount: state.messageCount + (counts ? 1 : 0),
    lastMessage: record.type === 'result' ? state.lastMessage : record.timestamp,
  };
}

/** Whether the newest step made this call and has no result of it yet. */
function called(state: State, { call, turn }: ResultRecord): boolean {
  for (let i = state.entries.length - 1; i >= 0; i -= 1) {
    const record = state.entries.at(i)?.record;
    if (record?.type === 'result' && record.call !== call) continue;
    return record?.type === 'step' && record.turn === turn && record.toolCalls?.some(({ id }) => id === call) === true;
  }
  return false;
}

function attempted(state: State, record: AttemptRecord): State {
  const told = chargeAttempt(state, record);
  const { until: _until, ...open } = told.open as OpenTurn;
  const { attempt, until } = record;
  return { ...told, open: { ...open, attempt, ...(until !== undefined && { until }) } };
}

function withOpenStep(state: State, step: StepRecord): State {
  const told = chargeStep(state, step);
  if (told.open === undefined || step.turn !== told.open.turn) return told;
  const {
    until: _until,
    asks: _asks,
    begun: _begun,
    reserved: _reserved,
    ...open
  } = resumed(told.open, step.timestamp);
  const now = {
    ...open,
    steps: open.steps + 1,
    pending: (step.toolCalls ?? []).map(({ id, tool }) => ({ id, tool })),
    attempt: 1,
    last: step.timestamp,
  };
  return withRequests({ ...told, open: now }, step);
}

function changed(state: State, record: EditRecord): State {
  let found = false;
  const change: Change = {
    ...state.edits[record.message],
    ...(record.content !== undefined && { content: record.content }),
    ...(record.important !== undefined && { important: record.important }),
  };
  const next = replaceEntries(state, (entry) => {
    if (entry.record.type === 'result' || entry.record.id !== record.message) return entry;
    found = true;
    return entryOf(entry.seq, edited(entry.record, change));
  });
  if (!found) return state;
  const prefixFrom = record.content === undefined ? state.prefixFrom : state.seq;
  return { ...next, edits: { ...state.edits, [record.message]: change }, prefixFrom };
}

function deleted(state: State, { message, role, cleared }: DeleteRecord): State {
  const gone = state.entries.toArray().find((entry) => entry.record.type !== 'result' && entry.record.id === message);
  // Results follow their step; their ids alone don't say whose they are (imports repeat them).
  let its = false;
  const kept = replaceEntries(state, (entry) => {
    if (entry.record.type !== 'result') its = entry === gone;
    return its ? undefined : entry;
  });
  const messageCount = Math.max(0, kept.messageCount - (role === 'system' || cleared === true ? 0 : 1));
  return { ...kept, messageCount, ...(gone !== undefined && { prefixFrom: state.seq }) };
}

function moved(state: State, record: BoundaryRecord): State {
  const keep = new Set(record.keep);
  const kept = replaceEntries(state, (entry) => (entry.seq >= record.from || keep.has(entry.seq) ? entry : undefined));
  const { summary: old, ...window } = chargeBoundary(
    { ...kept, windowFrom: record.from, prefixFrom: state.seq },
    record,
  );
  switch (record.reason) {
    case 'clear':
      return { ...window, clearedFrom: record.from, messageCount: record.messages ?? 0 };
    case 'prune':
      return old === undefined ? window : { ...window, summary: old };
    case 'compact':
      return record.summary === undefined ? window : { ...window, summary: record.summary };
    default:
      return record.reason satisfies never;
  }
}

/** Rare (edits, deletes, boundaries), so it may cost what the window costs. */
function replaceEntries(state: State, change: (entry: Entry) => Entry | undefined): State {
  const entries = state.entries.toArray().flatMap((entry) => change(entry) ?? []);
  const kept = inWindow(state, entries);
  return { ...kept, entries: List.of(entries), tokens: total(entries), edits: editsOf(state.edits, entries) };
}

/** Only what is in the window is carried. */
function editsOf(edits: State['edits'], entries: readonly Entry[]): State['edits'] {
  if (Object.keys(edits).length === 0) return edits;
  const ids = new Set(entries.map((entry) => (entry.record.type === 'result' ? '' : entry.record.id)));
  return Object.fromEntries(Object.entries(edits).filter(([id]) => ids.has(id)));
}

function total(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.tokens, 0);
}
