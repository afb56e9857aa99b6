import { RepriseError, readSessions } from '@reprise/core';
import type { SessionReader, SessionStorage } from '@reprise/core';
import { keptIn, loadSettings, openStorage } from '@reprise/session/compose';
import type { FsStorageOptions } from '@reprise/storage-fs';
import type { Io } from '@reprise/tui';
import type { StoreFlags } from './commands/options.ts';

/** For commands that only look: the store without the engine. */
export async function withStore<T>(
  io: Io,
  { storage: flag }: StoreFlags,
  work: (reader: SessionReader, storage: SessionStorage) => Promise<T>,
): Promise<T> {
  const storage = await openStorage(io, await loadSettings(io.env), flag);
  try {
    return await work(readSessions(storage), storage);
  } finally {
    await storage.close();
  }
}

/** For commands that know the files themselves. UNSUPPORTED where another storage keeps the sessions. */
export async function filesFor(io: Io, { storage: flag }: StoreFlags, doing: string): Promise<FsStorageOptions> {
  const kept = keptIn(io, await loadSettings(io.env), flag);
  if ('files' in kept) return kept.files;
  throw new RepriseError('UNSUPPORTED', `${doing} works on sessions in files; ${kept.module} keeps these.`, {
    hint: 'Use the means of that storage. "reprise session show ID" tells of damage, and "reprise session export ID" copies a session out.',
  });
}
