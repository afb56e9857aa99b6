/**
 * Splits a command into its words, or gives `undefined` where anything could mean more than plain words.
 *
 * This is no shell parser, on purpose: a parser must be right about all of bash, and one mistake allows what should have
 * been asked. This reader knows only letters, digits, a few signs that no shell gives a meaning to, and quoted strings
 * without `$`, backtick, backslash or `!`. Pipes, lists, redirections, here-documents, substitutions, globs, braces,
 * tildes, comments, line breaks and every character it doesn't know make it give up, and giving up means asking.
 */
export function plainWords(command: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length;) {
    const char = command.charAt(at);
    if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
    } else if (char === "'" || char === '"') {
      const end = command.indexOf(char, at + 1);
      if (end < 0) return undefined;
      const inner = command.slice(at + 1, end);
      if (!(char === "'" ? SINGLE : DOUBLE).test(inner)) return undefined;
      word = (word ?? '') + inner;
      at = end + 1;
    } else if (PLAIN.test(char) || (LATER.test(char) && word !== undefined && WORD_CHAR.test(word.slice(-1)))) {
      word = (word ?? '') + char;
      at++;
    } else return undefined;
  }
  if (word !== undefined) words.push(word);
  return words.length > 0 ? words : undefined;
}

const PLAIN = /^[A-Za-z0-9_./:@%+,=-]$/;
/** Literal inside a word (`HEAD~1`, `main^`), not at its start. */
const LATER = /^[~^]$/;
const WORD_CHAR = /^[A-Za-z0-9_~^]$/;
/** Printable ASCII without the quote itself. */
const SINGLE = /^[\x20-\x26\x28-\x7e]*$/;
/** The same without `!`, `"`, `$`, backslash and backtick. */
const DOUBLE = /^[\x20\x23\x25-\x5b\x5d-\x5f\x61-\x7e]*$/;
