import type { MessageRecord, ResultRecord, StepRecord } from '../records/types.ts';
import type { Entry } from '../state/state.ts';
import type { Ruling } from '../state/verdicts.ts';

/** A call of a step, the id that goes on the wire, and its result if there is one. */
export interface Slot {
  readonly id: string;
  readonly wireId: string;
  /** As it goes on the wire. */
  readonly tool: string;
  readonly params: Record<string, unknown>;
  result?: ResultRecord;
}

export type Item =
  | { readonly kind: 'message'; readonly record: MessageRecord }
  | {
      readonly kind: 'step';
      readonly seq: number;
      readonly record: StepRecord;
      readonly slots: readonly Slot[];
      readonly verdicts: readonly Ruling[];
    };

/** What every provider takes as a call id: at most 40 of these characters. */
const WIRE_ID = /^[a-zA-Z0-9_-]{1,40}$/;
/** What every provider takes as the name of a tool that was called. */
const WIRE_NAME = /^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/;

/**
 * The window as messages and steps, each step with its calls in call order and each call with its one result. Results that
 * belong to no call in the window are left out. Ids that a provider would refuse (odd characters, empty, too long, used twice) get
 * another one, the same in every later request; so do names of tools that were never there (models make them up).
 */
export function pairCalls(entries: Iterable<Entry>, verdicts: readonly Ruling[] = []): Item[] {
  // A provider that uses an id of a request again can't tell which one is meant: the first counts.
  const requests = new Set<string>();
  const first = verdicts.filter(({ request }) => !requests.has(request) && requests.add(request));
  const judged = Map.groupBy(first, ({ step }) => step);
  const items: Item[] = [];
  const waiting = new Map<string, Slot>();
  const used = new Set<string>();
  for (const { seq, record } of entries) {
    if (record.type === 'message') items.push({ kind: 'message', record });
    else if (record.type === 'step') {
      const slots = (record.toolCalls ?? []).map((call): Slot => {
        const slot = { id: call.id, wireId: wireId(call.id, used), tool: wireName(call.tool), params: call.params };
        waiting.set(call.id, slot);
        return slot;
      });
      items.push({ kind: 'step', seq, record, slots, verdicts: judged.get(record.id) ?? [] });
    } else {
      const slot = waiting.get(record.call);
      if (slot === undefined) continue;
      slot.result = record;
      waiting.delete(record.call);
    }
  }
  return items;
}

function wireId(id: string, used: Set<string>): string {
  let wire = WIRE_ID.test(id) ? id : `call_${id.replace(/[^a-zA-Z0-9_-]/g, '').slice(0, 24)}`;
  for (let n = 2; used.has(wire); n += 1) wire = `${wire.slice(0, 34)}_${n}`;
  used.add(wire);
  return wire;
}

function wireName(name: string): string {
  if (WIRE_NAME.test(name)) return name;
  const odd = name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 63);
  return /^[a-zA-Z_]/.test(odd) ? odd : `_${odd}`;
}
