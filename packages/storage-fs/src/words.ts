/** Scripts written without spaces: each sign is a word of its own, so that any part of a sentence is found. */
const SIGNS = ['Han', 'Hiragana', 'Katakana', 'Thai', 'Lao', 'Khmer'].map((name) => `\\p{Script=${name}}`).join('');
const SIGN = new RegExp(`[${SIGNS}]`, 'u');
const WORDS = new RegExp(`[${SIGNS}]|(?:(?![${SIGNS}])[\\p{L}\\p{N}])+`, 'gu');
const MARKS = /\p{M}+/gu;
/** Text of plain letters needs no normalising, which is most of the cost. */
const PLAIN = /^[\0-\x7f]*$/;
const PLAIN_WORDS = /[a-z0-9]+/g;

/** Characters shown before and behind what was found. */
const AROUND = 80;

/** The words of a text as they are compared: lower case, without accents. */
export function wordsOf(text: string): readonly string[] {
  const folded = fold(text);
  return folded.match(PLAIN.test(folded) ? PLAIN_WORDS : WORDS) ?? [];
}

function fold(text: string): string {
  return PLAIN.test(text) ? text.toLowerCase() : text.toLowerCase().normalize('NFKD').replace(MARKS, '');
}

/** What is looked for: runs of words that stand side by side. The last word of a run may go on, except a sign. */
export type Wanted = readonly (readonly string[])[];

/** What a search text asks for: each part between spaces must occur. */
export function wantedOf(text: string): Wanted {
  return text.split(/\s+/).flatMap((part) => {
    const words = wordsOf(part);
    return words.length === 0 ? [] : [words];
  });
}

/** The same for FTS5 over words joined by spaces. */
export function matchOf(wanted: Wanted): string {
  return wanted.map((run) => `"${run.join(' ')}"${SIGN.test(run.at(-1) ?? '') ? '' : '*'}`).join(' AND ');
}

/** Whether `words` hold all that is wanted; what `matchOf` says, without an index. */
export function holds(words: readonly string[], wanted: Wanted): boolean {
  return wanted.every((run) => words.some((_, at) => run.every((word, n) => fits(words[at + n], word, n, run))));
}

function fits(found: string | undefined, word: string, n: number, run: readonly string[]): boolean {
  if (found === word) return true;
  return n === run.length - 1 && !SIGN.test(word) && found?.startsWith(word) === true;
}

/** A line of `text` around the first wanted word. */
export function excerptOf(text: string, wanted: Wanted): string {
  const folded = fold(text);
  // Folding may change the length; the place is then a guess near enough for a reader.
  const place = Math.max(0, folded.indexOf(wanted[0]?.[0] ?? ''));
  const from = Math.max(0, place - AROUND);
  const to = Math.min(text.length, place + AROUND);
  const line = text.slice(from, to).replace(/\s+/g, ' ').trim().toWellFormed();
  return `${from > 0 ? '…' : ''}${line}${to < text.length ? '…' : ''}`;
}
