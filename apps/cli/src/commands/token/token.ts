import { SCOPES } from '@reprise/http';
import type { Rate, Scope } from '@reprise/http';
import { RATE_WORDS, addToken, namedTokens, rateOf, removeToken } from '@reprise/http/node';
import type { NamedToken } from '@reprise/http/node';
import { tokensFileOf } from '@reprise/session/compose';
import { EXIT, usageError } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import type { TOKENS, TOKEN_ADD } from '../options.ts';

/** The token alone goes to standard output, so that a script can take it. */
export const add: Handler<typeof TOKEN_ADD> = async ({ options, operands: [name = ''] }, io) => {
  const { scopes, owns, rate, tokens } = options;
  const file = tokensFileOf(io, tokens);
  const grant = {
    name,
    ...(scopes !== undefined && { scopes: scopesOf(scopes) }),
    ...(owns && { owns }),
    ...(rate !== undefined && { rate: given(rate) }),
  };
  const token = addToken(file, grant);
  if (options.json) io.out.json({ ...grant, token });
  else io.out.write(`${token}\n`);
  io.err.write(`reprise: this is all there is of it: ${file} has its hash\n`, 'dim');
  return EXIT.ok;
};

export const list: Handler<typeof TOKENS> = async ({ options }, io) => {
  const file = tokensFileOf(io, options.tokens);
  const tokens = namedTokens(file);
  if (options.json) io.out.json(tokens.map(({ sha256: _, ...grant }) => grant));
  else if (tokens.length === 0) io.err.write(`reprise: no tokens in ${file} yet\n`, 'dim');
  else for (const token of tokens) io.out.write(`${lineOf(token)}\n`);
  return EXIT.ok;
};

export const remove: Handler<typeof TOKENS> = async ({ options, operands: [name = ''] }, io) => {
  removeToken(tokensFileOf(io, options.tokens), name);
  if (options.json) io.out.json({ removed: name });
  else io.err.write(`reprise: removed ${name}\n`, 'dim');
  return EXIT.ok;
};

function lineOf({ name, scopes = SCOPES, owns = false, rate }: NamedToken): string {
  const often = rate === undefined ? [] : [`${rate.burst} at once, then ${perSecond(rate)} a second`];
  return [name, scopes.join(','), owns ? 'its own sessions' : 'all sessions', ...often].join('  ');
}

const perSecond = (rate: Rate): number => Number(rate.perSecond.toPrecision(3));

function scopesOf(words: string): Scope[] {
  const given = words.split(',').map((word) => word.trim());
  return given.map((word) => {
    const scope = SCOPES.find((one) => one === word);
    if (scope === undefined) throw usage(`--scopes takes some of ${SCOPES.join(', ')}, not "${word}"`);
    return scope;
  });
}

function given(words: string): Rate {
  const rate = rateOf(words);
  if (rate === undefined) throw usage(`--rate takes ${RATE_WORDS}, not "${words}"`);
  return rate;
}

function usage(message: string): Error {
  return usageError(message, 'reprise token add');
}
