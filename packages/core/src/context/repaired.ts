import type { Repair } from '../records/types.ts';
import type { Entry } from '../state/state.ts';

/** What the model is shown of a result that was left out. */
const CLEARED = '(What this call gave is no longer shown. Call again if you need it.)';

/** The window as requests show it after a repair. */
export function repaired(entries: Iterable<Entry>, repair: Repair | undefined): Iterable<Entry> {
  return repair === undefined ? entries : [...entries].flatMap((entry) => without(entry, repair));
}

function without(entry: Entry, { reasoning, results = 0, from = 0, keep = [] }: Repair): Entry[] {
  const { seq, record } = entry;
  if (seq < from && !keep.includes(seq)) return [];
  if (record.type === 'result' && seq <= results) {
    const { attachments: _attachments, ...cleared } = record;
    return [{ ...entry, record: { ...cleared, shown: CLEARED } }];
  }
  if (record.type !== 'step' || seq > reasoning) return [entry];
  // Without its provider a step is a stranger's, of whom nobody sends opaque parts.
  const { parts: _parts, provider: _provider, ...plain } = record;
  return [{ ...entry, record: plain }];
}
