/** One place of a text that is replaced. */
export interface Replacement {
  readonly at: number;
  readonly old: string;
  readonly fresh: string;
}

const CONTEXT = 2;
const MAX_HUNKS = 5;
const MAX_HUNK_LINES = 40;
const MAX_SHOWN_LINE = 300;

/** A short unified diff of known replacements: whole lines, two lines around each, at most five places. */
export function diff(text: string, changes: readonly Replacement[]): string {
  const hunks: string[] = [];
  let shift = 0;
  for (const change of changes.slice(0, MAX_HUNKS)) {
    const start = text.lastIndexOf('\n', change.at - 1) + 1;
    const after = change.at + change.old.length;
    // A change that ends with its line must not pull the next one in.
    const whole = change.old.endsWith('\n') && change.fresh.endsWith('\n');
    const lineEnd = whole ? after - 1 : text.indexOf('\n', after);
    const end = lineEnd < 0 ? text.length : lineEnd;
    const old = text.slice(start, end);
    const fresh = text.slice(start, change.at) + change.fresh + (whole ? '' : text.slice(after, end));
    const removed = old.split('\n');
    const added = fresh.replace(whole ? /\n$/ : /(?!)/, '').split('\n');
    const line = text.slice(0, start).split('\n').length;
    const before = text.slice(0, start).split('\n').slice(0, -1).slice(-CONTEXT);
    const behind = end + 1 >= text.length ? [] : text.slice(end + 1).split('\n', CONTEXT + 1);
    if (behind.length > CONTEXT || behind.at(-1) === '') behind.pop();
    const from = line - before.length;
    const around = before.length + behind.length;
    hunks.push(
      [
        `@@ -${from},${removed.length + around} +${from + shift},${added.length + around} @@`,
        ...before.map((one) => show(' ', one)),
        ...limit(removed).map((one) => show('-', one)),
        ...limit(added).map((one) => show('+', one)),
        ...behind.map((one) => show(' ', one)),
      ].join('\n'),
    );
    shift += added.length - removed.length;
  }
  if (changes.length > MAX_HUNKS) hunks.push(`… and ${changes.length - MAX_HUNKS} more places`);
  return hunks.join('\n');
}

function limit(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_HUNK_LINES) return lines;
  return [...lines.slice(0, MAX_HUNK_LINES), `… ${lines.length - MAX_HUNK_LINES} more lines`];
}

function show(sign: string, line: string): string {
  const text = line.replace(/\r$/, '');
  return sign + (text.length > MAX_SHOWN_LINE ? `${text.slice(0, MAX_SHOWN_LINE)}…` : text);
}
