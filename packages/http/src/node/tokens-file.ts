import { closeSync, constants, readFileSync, statSync } from 'node:fs';
import { RepriseError } from '@reprise/core';
import { z } from 'zod';
import { NAME } from '../guard/token.ts';
import type { AccessToken } from '../options.ts';
import { SCOPES } from '../options.ts';
import { openPrivate } from './private-file.ts';
import type { Refuse } from './private-file.ts';

/** Names of the tokens that a server has by itself. */
const RESERVED: readonly string[] = ['local', 'environment'];
/** Bytes; a thousand tokens are less. */
const LARGEST = 1 << 20;

const entry = z.strictObject({
  name: z
    .string()
    .regex(NAME, 'must be 1 to 100 letters, digits and any of " ._@-"')
    .refine((name) => !RESERVED.includes(name), 'is the name of a token that the server has by itself'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits: the SHA-256 of the token'),
  scopes: z.array(z.enum(SCOPES)).min(1).exactOptional(),
  owns: z.boolean().exactOptional(),
  rate: z.strictObject({ burst: z.number().min(1), perSecond: z.number().positive() }).exactOptional(),
});

const content = z.strictObject({ tokens: z.array(entry).max(1000) }).refine(({ tokens }) => {
  const different = (values: readonly string[]): boolean => new Set(values).size === tokens.length;
  return different(tokens.map(({ name }) => name)) && different(tokens.map(({ sha256 }) => sha256));
}, 'each token needs a name and a hash of its own');

/** A token in the file. It holds no secret: the hash opens no door. */
export type NamedToken = Extract<AccessToken, { readonly sha256: string }>;

/**
 * The tokens in `file`; none where there is no such file. INVALID_INPUT for a link, a file of somebody else's or one that others may read or write, and
 * for what is not as it should be: who can write there lets in whom they like.
 */
export function namedTokens(file: string): readonly NamedToken[] {
  const refuse = (why: string, cause?: unknown): RepriseError => unusable(file, why, cause);
  const opened = openPrivate(file, constants.O_RDONLY, refuse);
  if (opened === undefined) return [];
  const { fd, exposed } = opened;
  try {
    if (exposed) {
      throw new RepriseError('INVALID_INPUT', `Others can read or write ${file}, which says who may use the server.`, {
        hint: `See that it is as you want it, then close it to them: chmod 600 ${file}`,
      });
    }
    return tokensIn(json(readFileSync(fd), refuse), refuse);
  } finally {
    closeSync(fd);
  }
}

function json(bytes: Buffer, refuse: Refuse): unknown {
  if (bytes.length > LARGEST) throw refuse(`it is larger than ${LARGEST} bytes`);
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch (cause) {
    throw refuse('it is no JSON', cause);
  }
}

/** The tokens of what such a file holds; `refuse` makes the error that says where it is wrong. */
export function tokensIn(value: unknown, refuse: Refuse): readonly NamedToken[] {
  const result = content.safeParse(value);
  if (result.success) return result.data.tokens;
  const faults = result.error.issues.slice(0, 5);
  throw refuse(faults.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`).join('; '));
}

/** How often it is looked at. */
const EVERY_MS = 1000;

/** Gives the tokens to `changed` whenever the file is another one than `namedTokens` has read since `seen`, until it is stopped. */
export function watchTokens(
  file: string,
  seen: string,
  {
    changed,
    report,
  }: { readonly changed: (tokens: readonly NamedToken[]) => void; readonly report: (error: unknown) => void },
): () => void {
  let last = seen;
  const timer = setInterval(() => {
    const now = looksOf(file);
    if (now === last) return;
    last = now;
    try {
      changed(namedTokens(file));
    } catch (error) {
      // What can't be read takes nobody's access away, and gives nobody any.
      report(error);
    }
  }, EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** Tells a file from what it was before. Taken before it is read, so that no change is missed. */
export function looksOf(file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

function unusable(file: string, why: string, cause?: unknown): RepriseError {
  return new RepriseError('INVALID_INPUT', `The tokens in ${file} can't be used: ${why}.`, {
    cause,
    hint: 'Mend it, or remove it and add the tokens anew: reprise token add NAME',
  });
}
