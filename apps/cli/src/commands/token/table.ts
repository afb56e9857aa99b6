import { define } from '../define.ts';
import { TOKENS, TOKEN_ADD } from '../options.ts';

const one = { usage: 'NAME', min: 1, max: 1 };

const add = define({
  name: 'token add',
  summary: 'Make an access token for "reprise serve", and print it: once, for it is kept nowhere.',
  details: `The file that the server reads has a hash of it, its name and what it allows. A server that runs takes it within a second.
With --owns a token sees its own sessions alone; what their tools may touch is up to the permissions.`,
  operands: one,
  options: TOKEN_ADD,
  examples: [
    ['reprise token add dashboard --scopes read', 'looks, and changes nothing'],
    ['reprise token add alice --scopes read,write,approve --owns --rate 5/s', 'a person with sessions of her own'],
  ],
  load: async () => (await import('./token.ts')).add,
});

const list = define({
  name: 'token list',
  summary: 'List the named tokens, and what each allows.',
  operands: { usage: '', min: 0, max: 0 },
  options: TOKENS,
  examples: [['reprise token list', '']],
  load: async () => (await import('./token.ts')).list,
});

const remove = define({
  name: 'token remove',
  summary: 'Take a token back. A server that runs refuses it within a second, and ends its streams.',
  operands: one,
  options: TOKENS,
  examples: [['reprise token remove alice', '']],
  load: async () => (await import('./token.ts')).remove,
});

/** Commands on the tokens of others. */
export const TOKEN = { add, list, remove } as const;
