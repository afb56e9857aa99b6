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

/** The folder of a store made here. */
export function rootBehind(storage: SessionStorage): string {
  return roots.get(storage) as string;
}

/** Lets a store that is made around `inner` be known by its folder too. */
export function wrapped<T extends SessionStorage>(outer: T, inner: SessionStorage): T {
  const root = roots.get(inner);
  if (root !== undefined) roots.set(outer, root);
  return outer;
}

/** A second instance on the root of `storage`. */
export function reopened(storage: SessionStorage): SessionStorage {
  const root = rootBehind(storage);
  const again = fsStorage({ root });
  roots.set(again, root);
  return again;
}
