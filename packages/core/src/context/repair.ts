import type { Repair } from '../records/types.ts';
import type { State } from '../state/state.ts';
import type { CompileFacts } from './compile.ts';
import { compile } from './compile.ts';
import type { Fit } from './plan.ts';
import { planPrune } from './plan.ts';

/** The rungs of the ladder, in order. Each leaves out what the one before did, and more. */
export const RUNGS = ['reasoning', 'attachments', 'results', 'window'] as const;
export type Rung = (typeof RUNGS)[number];

/**
 * The first rung after `below` that makes the refused request another one: without reasoning and signatures; without the newest files (the
 * provider took the older ones before), or without any where there are no new ones; without what older tool calls
 * gave; without the older messages and all that tools gave (not at the first refusal: the fault is often the newest message, and hiding
 * others would not help). `undefined` where none is left. Pure.
 */
export function planRepair(
  state: State,
  facts: CompileFacts,
  fit: Fit,
  below: Rung | undefined,
): { readonly rung: Rung; readonly repair: Repair } | undefined {
  const refused = bodyOf(state, facts);
  const start = below === undefined ? 0 : RUNGS.indexOf(below) + 1;
  for (const rung of RUNGS.slice(start)) {
    if (rung === 'window' && below === undefined && !state.refused) break;
    const repair = repairOf(rung, state, fit);
    if (repair !== undefined && bodyOf({ ...state, repair }, facts) !== refused) return { rung, repair };
  }
  return undefined;
}

function bodyOf(state: State, facts: CompileFacts): string {
  return JSON.stringify(compile(state, facts));
}

function repairOf(rung: Rung, state: State, fit: Fit): Repair | undefined {
  const old = state.repair;
  const reasoning: Repair = { ...old, reasoning: state.seq };
  switch (rung) {
    case 'reasoning':
      return reasoning;
    case 'attachments':
      return { ...reasoning, ...suspects(state) };
    case 'results':
      return { ...reasoning, ...allFiles(state), results: Math.max(old?.results ?? 0, lastStep(state) - 1) };
    case 'window': {
      const all: Repair = { ...reasoning, ...allFiles(state), results: state.seq };
      const boundary = state.settings.pruneStrategy === 'none' ? undefined : planPrune(state, fit, true);
      return boundary === undefined || boundary.from <= (old?.from ?? 0) ? all : { ...all, ...boundary };
    }
    default:
      return rung satisfies never;
  }
}

/** The files that no request held yet, else all of them. */
function suspects(state: State): Pick<Repair, 'attachments'> {
  const step = state.entries.toArray().findLast(({ record }) => record.type === 'step')?.seq ?? 0;
  return filesFrom(step + 1, state) ?? allFiles(state);
}

function allFiles(state: State): Pick<Repair, 'attachments'> {
  return filesFrom(0, state) ?? {};
}

function filesFrom(from: number, { entries, seq }: State): Pick<Repair, 'attachments'> | undefined {
  for (const entry of entries) {
    const { record } = entry;
    if (entry.seq >= from && record.type !== 'step' && record.attachments !== undefined)
      return { attachments: [from, seq] };
  }
  return undefined;
}

/** What the newest step's calls gave is what the model waits for. */
function lastStep(state: State): number {
  return state.entries.toArray().findLast(({ record }) => record.type === 'step')?.seq ?? state.seq + 1;
}
