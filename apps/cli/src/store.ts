import { RepriseError, readSessions } from '@reprise/core';
import { keptIn, loadSettings, openStorage } from '@reprise/session/compose';
import type { FsStorageOptions } from '@reprise/storage-fs';
import type { Io } from '@reprise/tui';
import type { StoreFlags } from './commands/options.ts';
import type { Reader } from './sessions.ts';

/** The store without the engine. */
export async function withStore<T>(
  io: Io,
  { storage: flag }: StoreFlags,
  work: (reader: Reader) => Promise<T>,
): Promise<T> {
  const storage = await openStorage(io, await loadSettings(io.env), flag);
  try {
    return await work({ ...readSessions(storage), ...(storage.search && { search: storage.search.bind(storage) }) });
  } finally {
    await storage.close();
  }
}

/** For commands that know the files themselves. UNSUPPORTED where another storage or a server keeps the sessions. */
export async function filesFor(
  io: Io,
  { storage: flag, server }: StoreFlags,
  doing: string,
): Promise<FsStorageOptions> {
  if (server !== undefined) {
    throw new RepriseError('UNSUPPORTED', `${doing} works on sessions in files, and not over HTTP.`, {
      hint: 'Run it without --server on the machine of the server, where the sessions are.',
    });
  }
  const kept = keptIn(io, await loadSettings(io.env), flag);
  if ('files' in kept) return kept.files;
  throw new RepriseError('UNSUPPORTED', `${doing} works on sessions in files; ${kept.module} keeps these.`, {
    hint: 'Use the means of that storage. "reprise session show ID" tells of damage, and "reprise session export ID" copies a session out.',
  });
}
