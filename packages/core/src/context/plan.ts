import type { Entry, State } from '../state/state.ts';

/** Where the window should start, and which earlier records stay in it. */
export interface Boundary {
  readonly from: number;
  readonly keep: readonly number[];
}

/** Share of the window at which pruning starts, and the share it goes down to in one step, so that the prefix then rests. */
const THRESHOLD = 0.9;
const TARGET = 0.5;

export interface Fit {
  /** Tokens of the window. */
  readonly max: number;
  /** Tokens that every request takes beside the messages: system prompt and tools. */
  readonly overhead: number;
}

/** The boundary that is due before the next request, if one is. `force`: also below the threshold (the provider said that it is too long). */
export function planPrune(state: State, fit: Fit, force = false): Boundary | undefined {
  const { pruneStrategy = 'sliding-window', pruneThreshold = THRESHOLD } = state.settings;
  if (pruneStrategy === 'none' && !force) return undefined;
  if (!force && state.tokens + fit.overhead <= pruneThreshold * fit.max) return undefined;
  const entries = state.entries.toArray();
  // Forced, the estimate was too low to trust: at least half of what is there goes.
  const whole = force ? Math.min(fit.max, state.tokens + fit.overhead) : fit.max;
  const budget = Math.min(TARGET, pruneThreshold) * whole - fit.overhead;
  const cut = cutFor(entries, budget, state);
  const first = entries[cut];
  if (first === undefined) return undefined;
  const keep = pinned(entries.slice(0, cut), state);
  // A boundary that takes nothing out would be written again before each request.
  return keep.length === cut ? undefined : { from: first.seq, keep };
}

/** The boundary that leaves the last `count` user and assistant messages. */
export function planKeepLast(
  state: State,
  count: number,
  keep: { readonly system: boolean; readonly important: boolean },
): Boundary | undefined {
  const entries = state.entries.toArray();
  let left = count;
  let cut = entries.length;
  for (let i = entries.length - 1; i >= 0 && left > 0; i -= 1) {
    const record = entries[i]?.record;
    if (record?.type === 'step' || (record?.type === 'message' && record.role === 'user')) {
      left -= 1;
      cut = i;
    }
  }
  if (cut === 0) return undefined;
  const before = entries.slice(0, cut);
  const kept = before.filter(
    ({ record }) =>
      (keep.system && record.type === 'message' && record.role === 'system') ||
      (keep.important && record.type !== 'result' && record.important === true),
  );
  return { from: entries[cut]?.seq ?? state.seq + 1, keep: withResults(kept, before) };
}

/** The smallest index whose tail fits: at a user's message if one is near, else at a step, never between a step and its results. */
function cutFor(entries: readonly Entry[], budget: number, state: State): number {
  const last = lastStart(entries, state);
  let sum = 0;
  let atStep = last;
  let atUser: number | undefined;
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i] as Entry;
    sum += entry.tokens;
    if (i > last) continue;
    if (sum > budget && i < last) break;
    if (entry.record.type === 'step') atStep = i;
    if (entry.record.type === 'message' && entry.record.role === 'user') atUser = i;
  }
  return atUser ?? atStep;
}

/** Where the newest exchange starts, which always stays: the last step with its results, or the last message. */
function lastStart(entries: readonly Entry[], state: State): number {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i] as Entry;
    if (entry.record.type !== 'result' && entry.seq <= state.seq) return i;
  }
  return 0;
}

/** Marked messages, and what the user said in the turn that runs: its opening, and what steered it since. */
function pinned(before: readonly Entry[], state: State): number[] {
  const { open } = state;
  const kept = before.filter(
    ({ record }) =>
      (open !== undefined && record.type === 'message' && record.turn === open.turn) ||
      (record.type !== 'result' && record.important === true),
  );
  return withResults(kept, before);
}

/** A step that stays keeps its results. */
function withResults(kept: readonly Entry[], all: readonly Entry[]): number[] {
  const calls = new Set(
    kept.flatMap(({ record }) => (record.type === 'step' ? (record.toolCalls ?? []).map((call) => call.id) : [])),
  );
  return all
    .filter((entry) => kept.includes(entry) || (entry.record.type === 'result' && calls.has(entry.record.call)))
    .map((entry) => entry.seq);
}
