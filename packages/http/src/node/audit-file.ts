import { closeSync, constants, fchmodSync, openSync, writeSync } from 'node:fs';
import { RepriseError } from '@reprise/core';
import type { RequestEntry } from '../call.ts';

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * A file that gets a line of JSON for each request, and that only its owner may read. Each line is handed to the system at once, so that a crash of
 * the process loses none. INVALID_INPUT where it can't be opened.
 */
export function auditFile(file: string): { readonly audit: (entry: RequestEntry) => void; close(): void } {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW, 0o600);
    fchmodSync(fd, 0o600);
  } catch (cause) {
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
