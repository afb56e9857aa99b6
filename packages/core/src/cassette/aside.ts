import type { Rec } from '../records/types.ts';

/**
 * What the log says beside what came of a turn: whom it asked and what they said, and the sub-sessions of its tools. Neither is asked or begun
 * again, for the results say what came of it.
 */
const ASIDE: ReadonlySet<string> = new Set<Rec['type']>(['ask', 'answer', 'start', 'spawn', 'spent']);

export function isAside({ type }: { readonly type: string }): boolean {
  return ASIDE.has(type);
}
