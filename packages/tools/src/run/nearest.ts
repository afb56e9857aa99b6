const ADVICE = 'Read the file again and copy the text exactly.';

/** Why `wanted` may not have been found: the place that differs from it only in white space, or where its longest line is. */
export function nearest(text: string, wanted: string): string {
  const lines = text.split('\n');
  const want = wanted.split('\n').map(squeeze);
  while (want.length > 1 && want[want.length - 1] === '') want.pop();
  const squeezed = lines.map(squeeze);
  const loose = squeezed.findIndex((_, at) => want.every((line, next) => squeezed[at + next] === line));
  if (loose >= 0 && want.some((line) => line !== ''))
    return `The text at line ${loose + 1} differs only in white space. ${ADVICE}`;
  if (/^ *\d+\t/m.test(wanted)) return 'oldString holds line numbers of read: leave them out.';
  if (/\[secret\b[^\]]*\]/.test(wanted)) return 'oldString holds the stand-in of a hidden value: leave that part out.';
  const longest = want.reduce((a, b) => (b.length > a.length ? b : a), '');
  const part = longest.length < 4 ? -1 : squeezed.findIndex((line) => line.includes(longest));
  if (part >= 0) return `Line ${part + 1} is like it: ${(lines[part] ?? '').trim().slice(0, 200)} — ${ADVICE}`;
  return ADVICE;
}

function squeeze(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ');
}
