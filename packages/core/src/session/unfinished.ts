import type { SessionHead, SessionStorage } from '../contracts/storage.ts';
import { storedAfter } from '../follow/others.ts';

/**
 * The sessions with a turn that has no end: it runs somewhere, or a crash left it open. Heads lag behind after a crash, so what each log holds
 * after its head is looked at, one session after the other.
 */
export async function* unfinished(
  storage: SessionStorage,
  all: AsyncIterable<SessionHead>,
): AsyncGenerator<string, void, void> {
  for await (const { id, seq, status } of all) {
    let open = status === 'active';
    try {
      for await (const { record } of storedAfter(storage, id, seq)) {
        if (record?.type === 'message') open = record.turn !== undefined;
        else if (record?.type === 'turn-end') open = false;
      }
    } catch {
      // It was deleted meanwhile, or can't be read: whoever opens it is told.
      continue;
    }
    if (open) yield id;
  }
}
