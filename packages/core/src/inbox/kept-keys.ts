import type { LiveSession } from '../session/live.ts';
import { readable } from '../session/load.ts';
import type { Rec } from '../records/types.ts';
import type { Keys, PageAt } from '../state/keys.ts';
import { mayHold, pageIn, pagesOf } from '../state/keys.ts';

/** Whether a message of this key is stored, wherever in the log. */
export async function knows(live: LiveSession, key: string): Promise<boolean> {
  return (await seqOf(live, key)) !== undefined;
}

/** The record of the message of this key. The log is read only for a key that is not in the window and that the state may remember. */
export async function seqOf(live: LiveSession, key: string): Promise<number | undefined> {
  const { entries, keys } = live.state;
  if (!mayHold(keys, key)) return undefined;
  for (const { seq, record } of entries) if (record.type === 'message' && record.key === key) return seq;
  if (!mayHold(keys, key, await live.keyPages.of(keys))) return undefined;
  const quoted = JSON.stringify(key);
  for await (const stored of live.records(0, [])) {
    // Nothing else is parsed.
    const record = stored.json.includes(quoted) ? readable(stored, []) : undefined;
    if (record?.type === 'message' && record.key === key) return stored.seq;
  }
  return undefined;
}

/** The pages of keys that checkpoints of one log have. Each is read once, when somebody asks for a key that is not among the latest. */
export class KeyPages {
  readonly #read: (seq: number) => Promise<Rec | undefined>;
  readonly #pages = new Map<number, string | undefined>();

  constructor(read: (seq: number) => Promise<Rec | undefined>) {
    this.#read = read;
  }

  async of(keys: Keys | undefined): Promise<(at: PageAt) => string | undefined> {
    for (const { checkpoint, index } of pagesOf(keys)) {
      if (this.#pages.has(index)) continue;
      const record = await this.#read(checkpoint);
      this.#pages.set(index, record?.type === 'checkpoint' ? pageIn(record.state, index) : undefined);
    }
    return ({ index }) => this.#pages.get(index);
  }

  /** Another log stands in the place of the one that was read. */
  clear(): void {
    this.#pages.clear();
  }
}
