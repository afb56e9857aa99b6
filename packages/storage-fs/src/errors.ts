import { isCoded, RepriseError, type Coded } from '@reprise/core';

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'Give this user the right to read and write the folder.',
  EPERM: 'Give this user the right to read and write the folder.',
  EROFS: 'The file system is read-only; choose another root.',
  EMFILE: 'Too many files are open; raise the limit (ulimit -n) or close sessions.',
  ENFILE: 'Too many files are open on this machine.',
  ELOOP: 'Links inside the store are refused; put the real file or folder there.',
  ENOTDIR: 'A part of the path is a file; move it away or choose another root.',
};

/** The errno name of a failed system call, `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `error` as one of ours: STORAGE_FULL when the medium has no room, else STORAGE_FAILED. `doing` completes "could not …". */
export function storageError(error: unknown, doing: string): Coded {
  if (isCoded(error)) return error;
  const errno = errnoOf(error);
  if (errno !== undefined && FULL.has(errno)) {
    return new RepriseError('STORAGE_FULL', `no space left to ${doing}`, {
      hint: 'Free some space and try again; what was stored before is untouched.',
      cause: error,
    });
  }
  const hint = errno === undefined ? undefined : HINTS[errno];
  const why = error instanceof Error ? error.message : String(error);
  return new RepriseError('STORAGE_FAILED', `could not ${doing}: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** Runs `work`; any failure leaves as a coded error. */
export function guarded<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageError(error, doing);
  }
}

/** The refusal of a link inside the store. */
export function linkRefused(path: string): RepriseError {
  return new RepriseError('STORAGE_FAILED', `${path} is a link`, { hint: HINTS.ELOOP as string });
}

/** The refusal of a folder, a pipe or a device in the place of a file. */
export function notAFile(path: string): RepriseError {
  return new RepriseError('STORAGE_FAILED', `${path} is not a file`, { hint: 'Move away what stands in its place.' });
}

/** `guarded` for work that takes time. */
export async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, doing);
  }
}

/** The refusal of a write under a lease that has ended. */
export function fenced(id: string): RepriseError {
  return new RepriseError('FENCED', `the lease on session ${id} has ended`, { hint: 'Acquire it again.' });
}

/** The refusal of a write behind another tip than the present one. */
export function conflict(message: string): RepriseError {
  return new RepriseError('CONFLICT', message, { hint: 'Read what was appended, then try again.' });
}
