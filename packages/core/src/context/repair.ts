import type { Repair } from '../records/types.ts';
import type { State } from '../state/state.ts';
import type { CompileFacts } from './compile.ts';
import { compile } from './compile.ts';
import type { Fit } from './plan.ts';
import { planPrune } from './plan.ts';

/** The rungs of the ladder, in order. Each leaves out what the one before did, and more. */
export const RUNGS = ['reasoning', 'results', 'window'] as const;
export type Rung = (typeof RUNGS)[number];

/**
 * The first rung after `below` that makes the refused request another one: without reasoning and signatures; without what older tool calls
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
    case 'results':
      return { ...reasoning, results: Math.max(old?.results ?? 0, lastStep(state) - 1) };
    case 'window': {
      const all: Repair = { ...reasoning, results: state.seq };
      const boundary = state.settings.pruneStrategy === 'none' ? undefined : planPrune(state, fit, true);
      return boundary === undefined || boundary.from <= (old?.from ?? 0) ? all : { ...all, ...boundary };
    }
    default:
      return rung satisfies never;
  }
}

/** What the newest step's calls gave is what the model waits for. */
function lastStep(state: State): number {
  return state.entries.toArray().findLast(({ record }) => record.type === 'step')?.seq ?? state.seq + 1;
}
