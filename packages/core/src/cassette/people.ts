import type { Rec } from '../records/types.ts';

/** Whom the recording asked, and what they said: nobody is asked again, for the results say what came of it. */
const OF_PEOPLE: ReadonlySet<string> = new Set<Rec['type']>(['ask', 'answer', 'start']);

export function isOfPeople({ type }: { readonly type: string }): boolean {
  return OF_PEOPLE.has(type);
}
