import type { Done } from './history.ts';

/** A few sentences about a folder, made of nothing but what the tools returned. */
export function summaryOf(place: string, listing: Done, reads: readonly Done[]): string {
  const names = listing.text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const sentences = [
    `From a listing of ${names.length} ${names.length === 1 ? 'line' : 'lines'} and ${filesRead(reads)}:`,
    '',
  ];
  for (const read of reads) {
    const path = String(read.input.path ?? '');
    if (read.failed) sentences.push(`- ${path} could not be read: ${firstLine(read.text)}`);
    else if (/package\.json$/.test(path)) sentences.push(...aboutPackage(path, plain(read.text)));
    else sentences.push(...aboutText(path, plain(read.text)));
  }
  const hidden = (name: string): number => (name.startsWith('.') ? 1 : 0);
  const shown = names
    .sort((a, b) => hidden(a) - hidden(b))
    .slice(0, 12)
    .join(', ');
  sentences.push(`- In ${place}: ${shown || 'nothing'}${names.length > 12 ? ', …' : ''}.`);
  return sentences.join('\n');
}

function filesRead(reads: readonly Done[]): string {
  const count = reads.filter((read) => !read.failed).length;
  return count === 0 ? 'no file' : count === 1 ? '1 file' : `${count} files`;
}

/** `text` without the line numbers that a reading tool may put before each line. */
export function plain(text: string): string {
  const lines = text.split('\n');
  const number = /^\s*\d+(?:\t|→|[:|] ?)/;
  const numbered = lines.filter((line) => line.trim() !== '').every((line) => number.test(line));
  return numbered ? lines.map((line) => line.replace(number, '')).join('\n') : text;
}

function aboutPackage(path: string, text: string): string[] {
  const value = parsed(text);
  if (!value) return [`- ${path} has ${text.split('\n').length} lines.`];
  const facts = [`- ${path}: the package ${String(value.name ?? 'without a name')}`];
  if (typeof value.description === 'string') facts.push(`described as "${value.description}"`);
  const scripts = keys(value.scripts);
  if (scripts.length > 0) facts.push(`with the scripts ${scripts.slice(0, 8).join(', ')}`);
  const dependencies = keys(value.dependencies).length + keys(value.devDependencies).length;
  return [`${facts.join(', ')} and ${dependencies} ${dependencies === 1 ? 'dependency' : 'dependencies'}.`];
}

function aboutText(path: string, text: string): string[] {
  const lines = text.split('\n');
  const title = lines.find((line) => /^#{1,3}\s/.test(line))?.replace(/^#+\s*/, '');
  const start = lines.findIndex((line) => /^[A-Za-z*_"'`[]/.test(line.trim()));
  const paragraph: string[] = [];
  for (let i = start; i >= 0 && i < lines.length && lines[i]?.trim(); i += 1) paragraph.push(lines[i]?.trim() ?? '');
  const about = paragraph.join(' ').slice(0, 400);
  return [`- ${path}${title ? ` ("${title}")` : ''}${about ? ` begins: ${about}` : ` has ${lines.length} lines.`}`];
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function keys(value: unknown): string[] {
  return typeof value === 'object' && value !== null ? Object.keys(value) : [];
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
