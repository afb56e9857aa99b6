import { RepriseError } from '@reprise/core';
import type { Coded } from '@reprise/core';

/** The code of a failed system call, for example `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'goes through something that is no folder',
  EISDIR: 'is a folder',
  EACCES: 'may not be accessed by this user',
  EPERM: 'may not be changed by this user',
  ELOOP: 'is a link that leads in a circle or changed meanwhile',
  ENAMETOOLONG: 'is too long a name',
  ENOSPC: 'could not be written: the disk is full',
  EROFS: 'is on a read-only file system',
  EMFILE: 'could not be opened: too many open files',
  ENXIO: 'is a device or pipe without data',
};

/** A failed file operation in words that a model can act on. */
export function fileError(path: string, error: unknown, hint?: string): Coded {
  const code = systemCode(error);
  const text = TEXTS[code ?? ''] ?? `failed: ${error instanceof Error ? error.message : String(error)}`;
  return toolError(`${path} ${text}.`, hint, error);
}

export function toolError(message: string, hint?: string, cause?: unknown): Coded {
  return new RepriseError('TOOL_ERROR', hint === undefined ? message : `${message} ${hint}`, {
    ...(hint !== undefined && { hint }),
    ...(cause !== undefined && { cause }),
  });
}

export function refused(message: string, hint: string): Coded {
  return new RepriseError('PERMISSION_DENIED', `${message} ${hint}`, { hint });
}

export function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new RepriseError('ABORTED', 'The call was cancelled.');
}
