import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RepriseError } from '@reprise/core';
import type { TokenGrant } from '../options.ts';
import { namedTokens, tokensIn } from './tokens-file.ts';
import type { NamedToken } from './tokens-file.ts';

/**
 * Adds a token to the file that a server reads (`serve({ tokensFile })`), and gives it: it is kept nowhere, the file has its hash. CONFLICT where the name
 * is taken, INVALID_INPUT for one that can't be a name, and for a file that `namedTokens` refuses.
 */
export function addToken(file: string, grant: TokenGrant): string {
  const token = randomBytes(32).toString('base64url');
  const made = { ...grant, sha256: createHash('sha256').update(token).digest('hex') };
  tokensIn({ tokens: [made] }, (why) => new RepriseError('INVALID_INPUT', `There can't be such a token: ${why}.`));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  change(file, (tokens) => {
    if (tokens.some(({ name }) => name === grant.name)) {
      throw new RepriseError('CONFLICT', `There is a token "${grant.name}" already.`, {
        hint: 'Take another name, or remove that one first.',
      });
    }
    return [...tokens, made];
  });
  return token;
}

/** INVALID_INPUT where there is none of that name. */
export function removeToken(file: string, name: string): void {
  change(file, (tokens) => {
    const left = tokens.filter((token) => token.name !== name);
    if (left.length === tokens.length) {
      throw new RepriseError('INVALID_INPUT', `There is no token "${name}" in ${file}.`, {
        hint:
          tokens.length === 0
            ? 'There is none at all.'
            : `There are ${tokens.map((one) => `"${one.name}"`).join(', ')}.`,
      });
    }
    return left;
  });
}

/** The new file takes the place of the old one whole, or not at all; until then it keeps others from changing it. */
function change(file: string, work: (tokens: readonly NamedToken[]) => readonly NamedToken[]): void {
  const next = `${file}.lock`;
  let fd: number;
  try {
    fd = openSync(next, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // No folder, no file in it.
    if (code === 'ENOENT') return void work([]);
    if (code !== 'EEXIST') throw new RepriseError('INVALID_INPUT', `The file ${next} can't be made.`, { cause });
    throw new RepriseError('CONFLICT', `Somebody else changes ${file} now.`, {
      cause,
      hint: `Try again. If nobody does, a crash left ${next}: remove it.`,
    });
  }
  try {
    fchmodSync(fd, 0o600);
    writeFileSync(fd, `${JSON.stringify({ tokens: work(namedTokens(file)) }, undefined, 2)}\n`);
    fsyncSync(fd);
    renameSync(next, file);
  } catch (error) {
    unlinkSync(next);
    throw error;
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(file));
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
