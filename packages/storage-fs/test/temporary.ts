import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionStorage } from '@reprise/core';
import { fsStorage } from '../src/index.ts';

const roots = new WeakMap<SessionStorage, string>();

/** A store in a folder of its own. */
export function temporaryStorage(): { storage: SessionStorage; root: string; cleanup: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-fs-'));
  const root = join(folder, 'home', 'sessions');
  const storage = fsStorage({ root });
  roots.set(storage, root);
  return { storage, root, cleanup: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A second instance on the root of `storage`. */
export function reopened(storage: SessionStorage): SessionStorage {
  return fsStorage({ root: roots.get(storage) as string });
}
