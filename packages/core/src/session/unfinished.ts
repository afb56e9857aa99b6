import type { SessionHead, SessionStorage } from '../contracts/storage.ts';
import { headNow } from './heads-now.ts';

/**
 * The sessions with a turn that has no end: it runs somewhere, or a crash left it open. Heads lag behind after a crash, so what each log holds
 * after its head is looked at, one session after the other.
 */
export async function* unfinished(
  storage: SessionStorage,
  all: AsyncIterable<SessionHead>,
): AsyncGenerator<string, void, void> {
  for await (const head of all) {
    let open: boolean;
    try {
      open = (await headNow(storage, head)).status === 'active';
    } catch {
      // It was deleted meanwhile, or can't be read: whoever opens it is told.
      continue;
    }
    if (open) yield head.id;
  }
}
