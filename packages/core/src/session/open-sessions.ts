import type { SessionHead } from '../contracts/storage.ts';
import type { Parts } from './parts.ts';
import type { Removal } from './remove.ts';
import { removeOpen, removeStored } from './remove.ts';
import type { Runtime } from './runtime.ts';

/** The sessions of one store that are open in this process: one live session an id, for as long as somebody holds it. */
export class OpenSessions {
  readonly #all = new Map<string, WeakRef<Parts>>();
  /** Those on which a turn runs, so that a listing needn't look at all. */
  readonly #working = new Set<Parts>();
  readonly #freed = new FinalizationRegistry((id: string) => {
    if (this.get(id) === undefined) this.#all.delete(id);
  });

  get(id: string): Parts | undefined {
    return this.#all.get(id)?.deref();
  }

  set(parts: Parts): void {
    const { id } = parts.live;
    if (this.get(id) === parts) return;
    this.#all.set(id, new WeakRef(parts));
    this.#freed.register(parts, id);
  }

  /** Removes a session from the store, whether it is open here or not. */
  async remove(runtime: Runtime, id: string, removal: Removal): Promise<void> {
    const parts = this.get(id);
    if (parts === undefined) return removeStored(runtime, id, removal);
    try {
      await removeOpen(parts, removal, () => void this.#all.delete(id));
    } catch (error) {
      // It is still there, and so are those who hold it.
      if (!parts.live.gone && this.get(id) === undefined) this.set(parts);
      throw error;
    }
  }

  all(): readonly Parts[] {
    return [...this.#all.values()].flatMap((ref) => ref.deref() ?? []);
  }

  clear(): void {
    this.#all.clear();
  }

  /** Notes that the first turn of a session began, or its last ended. */
  note(parts: Parts, working: boolean): void {
    if (working) this.#working.add(parts);
    else this.#working.delete(parts);
  }

  /** The session `id` if a turn runs on it. */
  working(id: string): Parts | undefined {
    const parts = this.get(id);
    return parts !== undefined && this.#working.has(parts) ? parts : undefined;
  }

  /** The heads, as they are now, of those that work and that the store has. */
  workingHeads(): readonly SessionHead[] {
    return [...this.#working].flatMap((parts) => {
      const { id, autoSave, head } = parts.live;
      return this.get(id) === parts && autoSave && head.seq > 0 ? [head] : [];
    });
  }
}
