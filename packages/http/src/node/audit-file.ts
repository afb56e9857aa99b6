import { closeSync, constants, fchmodSync, openSync, readSync, writeSync } from 'node:fs';
import { RepriseError } from '@reprise/core';
import type { RequestEntry } from '../call.ts';

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * A file that gets a line of JSON for each request, and that only its owner may read. Each line is handed to the system at once, so that a crash of
 * the process loses none. INVALID_INPUT where it can't be opened, and for a file that holds something else.
 */
export function auditFile(file: string): { readonly audit: (entry: RequestEntry) => void; close(): void } {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW, 0o600);
    // One of another kind, named by mistake, stays as it is.
    if (!isLog(fd)) throw new RepriseError('INVALID_INPUT', `${file} holds something else than an audit.`);
    fchmodSync(fd, 0o600);
  } catch (cause) {
    if (fd !== undefined) closeSync(fd);
    if (cause instanceof RepriseError) throw cause;
    throw new RepriseError('INVALID_INPUT', `The audit file ${file} can't be opened for writing.`, { cause });
  }
  return {
    audit(entry) {
      if (fd !== undefined) writeSync(fd, `${JSON.stringify(entry)}\n`);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Empty, or lines of JSON as far as its beginning tells. */
function isLog(fd: number): boolean {
  const first = Buffer.alloc(1);
  return readSync(fd, first, 0, 1, 0) === 0 || first.toString() === '{';
}
