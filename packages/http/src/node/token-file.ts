import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RepriseError } from '@reprise/core';
import { openPrivate } from './private-file.ts';

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * The token in `file`, which only its owner may read; made at random where there is no such file. INVALID_INPUT for a link, for what is no
 * token, and for a file of somebody else's, which stay as they are. A file that others may read is closed to them, and its token is replaced: they may have read it.
 */
export function tokenIn(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  for (;;) {
    const old = read(file);
    if (old !== undefined) return old;
    const made = create(file);
    if (made !== undefined) return made;
  }
}

/**
 * The token that `tokenIn` made, for those who ask the server of the same user; `undefined` where there is no such file. Changes nothing: what
 * `tokenIn` would refuse or replace is INVALID_INPUT.
 */
export function keptToken(file: string): string | undefined {
  return read(file, false);
}

function read(file: string, replace = true): string | undefined {
  const refuse = (why: string, cause?: unknown): RepriseError => unusable(file, why, cause);
  const opened = openPrivate(file, replace ? constants.O_RDWR : constants.O_RDONLY, refuse);
  if (opened === undefined) return undefined;
  const { fd, exposed } = opened;
  try {
    const token = readFileSync(fd, 'utf8').trim();
    // Before anything is done to it: it may be a file of another kind, named by mistake.
    if (!/^[\w-]{32,200}$/.test(token)) throw refuse('it holds no token');
    if (!exposed) return token;
    if (!replace) throw refuse('others can read it');
    fchmodSync(fd, 0o600);
    return write(fd, fresh());
  } finally {
    closeSync(fd);
  }
}

function create(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
  } catch (error) {
    // Another server was faster.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw unusable(file, 'it can not be made', error);
  }
  try {
    return write(fd, fresh());
  } finally {
    closeSync(fd);
  }
}

function write(fd: number, token: string): string {
  ftruncateSync(fd, writeSync(fd, `${token}\n`, 0));
  fsyncSync(fd);
  return token;
}

function fresh(): string {
  return randomBytes(32).toString('base64url');
}

function unusable(file: string, why: string, cause?: unknown): RepriseError {
  return new RepriseError('INVALID_INPUT', `The token file ${file} can't be used: ${why}.`, {
    cause,
    hint: 'Name another file; or remove it, if it is one of a token: the next start makes a new one.',
  });
}
