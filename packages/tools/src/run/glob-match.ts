import { toolError } from '../io/errors.ts';

const MAX_ALTERNATIVES = 256;

/**
 * Makes a test for paths relative to the searched folder, `/` between names. `*`, `?`, `[…]` stay within a name, `**` crosses
 * folders, `{a,b}` are alternatives; a pattern without a slash is tested against the last name. Time is bounded by
 * pattern × path, whatever the pattern: ours instead of `path.matchesGlob`, whose regular expressions can run for minutes.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const alternatives = expand(pattern).map((one) => {
    const anchored = one.includes('/');
    const segments = one
      .replace(/^(\.?\/)+/, '')
      .split('/')
      .filter((part) => part !== '' && part !== '.');
    return { segments: (anchored ? segments : ['**', ...segments]).map(compileName) };
  });
  return (path) => {
    const names = path.split('/');
    return alternatives.some(({ segments }) =>
      wild(segments, names, 'any', (one, name) => one !== 'any' && wild(one, [...name], ANY, sameChar)),
    );
  };
}

type Char = string | { readonly not: boolean; readonly ranges: readonly (readonly [string, string])[] };
type Name = readonly (Char | typeof ANY)[];
const ANY = Symbol('*');
const ONE: Char = { not: true, ranges: [] };

/** Matches a list against a list in which `many` stands for any number of items; only the last `many` is ever tried again. */
function wild<P, T>(pattern: readonly P[], items: readonly T[], many: P, same: (part: P, item: T) => boolean): boolean {
  let p = 0;
  let i = 0;
  let star = -1;
  let mark = 0;
  while (i < items.length) {
    const part = pattern[p];
    if (part === many) {
      star = p++;
      mark = i;
    } else if (part !== undefined && same(part, items[i] as T)) {
      p++;
      i++;
    } else if (star >= 0) {
      p = star + 1;
      i = ++mark;
    } else return false;
  }
  while (pattern[p] === many) p++;
  return p === pattern.length;
}

function sameChar(part: Name[number], char: string): boolean {
  if (typeof part === 'symbol') return false;
  if (typeof part === 'string') return part === char;
  return part.ranges.some(([from, to]) => char >= from && char <= to) !== part.not;
}

function compileName(name: string): Name | 'any' {
  if (name === '**') return 'any';
  const parts: Name[number][] = [];
  for (let at = 0; at < name.length; at++) {
    const char = name.charAt(at);
    if (char === '*') {
      if (parts[parts.length - 1] !== ANY) parts.push(ANY);
    } else if (char === '?') parts.push(ONE);
    else if (char === '\\' && at + 1 < name.length) parts.push(name.charAt(++at));
    else if (char === '[') {
      const end = name.indexOf(']', at + 2);
      if (end < 0) parts.push(char);
      else {
        parts.push(compileClass(name.slice(at + 1, end)));
        at = end;
      }
    } else parts.push(char);
  }
  return parts;
}

function compileClass(text: string): Char {
  const not = text.startsWith('!') || text.startsWith('^');
  const body = not ? text.slice(1) : text;
  const ranges: [string, string][] = [];
  for (let at = 0; at < body.length; at++) {
    const from = body.charAt(at);
    if (body.charAt(at + 1) === '-' && at + 2 < body.length) {
      ranges.push([from, body.charAt(at + 2)]);
      at += 2;
    } else ranges.push([from, from]);
  }
  return { not, ranges };
}

/** The alternatives of `{a,b}`, also nested. */
function expand(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const braces = innermost(one);
    if (braces === undefined) done.push(one);
    else for (const choice of braces.choices) open.push(braces.before + choice + braces.after);
    if (done.length + open.length > MAX_ALTERNATIVES)
      throw toolError('The pattern has too many alternatives in braces.', 'Use several simpler patterns.');
  }
  return done;
}

function innermost(pattern: string): { before: string; choices: string[]; after: string } | undefined {
  const end = pattern.indexOf('}');
  const start = end < 0 ? -1 : pattern.lastIndexOf('{', end);
  if (start < 0) return undefined;
  return {
    before: pattern.slice(0, start),
    choices: pattern.slice(start + 1, end).split(','),
    after: pattern.slice(end + 1),
  };
}
