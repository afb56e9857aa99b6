import { closeSync, constants, fstatSync, openSync } from 'node:fs';

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** What is no file (a pipe, a device) is opened without a wait, and then refused. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;

export type Refuse = (why: string, cause?: unknown) => Error;

/**
 * Opens a file that holds secrets or says who may do what; `undefined` where there is none. `refuse` makes the error for a link, for what is no file, and
 * for one of somebody else's. `exposed`: others may read or write it.
 */
export function openPrivate(
  file: string,
  flags: number,
  refuse: Refuse,
): { readonly fd: number; readonly exposed: boolean } | undefined {
  let fd: number;
  try {
    fd = openSync(file, flags | NO_FOLLOW | NO_WAIT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw refuse(code === 'ELOOP' ? 'it is a link' : 'it can not be opened', error);
  }
  try {
    const stat = fstatSync(fd);
    const me = process.getuid?.();
    if (!stat.isFile()) throw refuse('it is no file');
    if (me !== undefined && stat.uid !== me) throw refuse('it belongs to somebody else');
    return { fd, exposed: process.platform !== 'win32' && (stat.mode & 0o077) !== 0 };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
