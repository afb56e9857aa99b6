import { watch, type FSWatcher } from 'node:fs';
import { statOf } from './files.ts';

/** How often the folder is looked at where the system can't tell of changes. */
const POLL_MS = 250;

/**
 * Yields when something in `folder` may have changed, until `signal` aborts; once at the start too, when watching has begun, so
 * that a follower who reads at each hint misses nothing. Many changes make one hint. Leaves no handle behind.
 */
export async function* watchSession(folder: string, signal: AbortSignal): AsyncGenerator<void> {
  let changed = true;
  let wake: (() => void) | undefined;
  const hint = (): void => {
    changed = true;
    wake?.();
  };
  const source = watchOrPoll(folder, hint);
  signal.addEventListener('abort', hint, { once: true });
  try {
    while (!signal.aborted) {
      if (changed) {
        changed = false;
        yield;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    }
  } finally {
    source.close();
    signal.removeEventListener('abort', hint);
  }
}

function watchOrPoll(folder: string, hint: () => void): Pick<FSWatcher, 'close'> {
  let inner: Pick<FSWatcher, 'close'>;
  try {
    const watcher = watch(folder, (_event, name) => name !== 'lock' && name !== 'holder' && hint());
    watcher.on('error', () => {
      watcher.close();
      inner = poll(folder, hint);
    });
    inner = watcher;
  } catch {
    inner = poll(folder, hint);
  }
  return { close: () => inner.close() };
}

/** For systems without change events, and when they ran out of watches. */
function poll(folder: string, hint: () => void): Pick<FSWatcher, 'close'> {
  let seen = '';
  const timer = setInterval(() => {
    const now = ['messages.json', 'draft', 'inbox']
      .map((name) => statOf(`${folder}/${name}`))
      .map((stat) => `${stat?.size ?? ''} ${stat?.mtimeMs ?? ''}`)
      .join();
    if (now !== seen) hint();
    seen = now;
  }, POLL_MS);
  return { close: () => clearInterval(timer) };
}
