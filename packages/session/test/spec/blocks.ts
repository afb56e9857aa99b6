import { readFileSync } from 'node:fs';

/** A fenced block of the specification. */
export interface Block {
  /** The nearest headings above it, for example `Usage / Create Session`, with a number where a section holds several. */
  readonly name: string;
  readonly language: string;
  readonly code: string;
}

export const SPEC = readFileSync(new URL('../../../../docs/spec/session-management.md', import.meta.url), 'utf8');

/** Every fenced block, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const headings: string[] = [];
  const seen = new Map<string, number>();
  let open: { language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (fence === null) {
      if (open !== undefined) open.lines.push(line);
      const heading = /^(#{2,3}) (.+)$/.exec(line);
      if (open === undefined && heading !== null) {
        headings.length = (heading[1] as string).length - 2;
        headings.push(heading[2] as string);
      }
    } else if (open === undefined) open = { language: fence[1] as string, lines: [] };
    else {
      const place = headings.join(' / ');
      const n = (seen.get(place) ?? 0) + 1;
      seen.set(place, n);
      blocks.push({
        name: n === 1 ? place : `${place} ${n}`,
        language: open.language,
        code: open.lines.join('\n'),
      });
      open = undefined;
    }
  }
  return blocks;
}

/** Names that the specification's code takes from around it. */
const FREE = ['session', 'messageId', 'exportedData'] as const;

/** A piece of a block in which no name is declared twice, or used before it is declared. */
export interface Piece {
  readonly code: string;
  /** What it declares at its top level. */
  readonly declares: readonly string[];
}

/** Splits a block before each repeated `const`: a name that was declared or used further up. */
export function piecesOf(code: string): Piece[] {
  const pieces: { lines: string[]; declares: string[] }[] = [{ lines: [], declares: [] }];
  for (const line of code.split('\n')) {
    let piece = pieces.at(-1) as (typeof pieces)[number];
    const name = /^const (\w+) =/.exec(line)?.[1];
    if (name !== undefined) {
      const used = piece.lines.some((earlier) => uses(earlier, name));
      if (piece.declares.includes(name) || used) pieces.push((piece = { lines: [], declares: [] }));
      piece.declares.push(name);
    }
    piece.lines.push(line);
  }
  return pieces.map(({ lines, declares }) => ({ code: lines.join('\n'), declares }));
}

/** Whether a line of code names `name` as a value. */
function uses(line: string, name: string): boolean {
  if (line.startsWith('import ')) return false;
  return new RegExp(`(^|[^.\\w])${name}\\b`).test(line.replace(/\/\/.*/, ''));
}

/** The piece as a module for the type checker: only the import path differs, and free names come from the fixture. */
export function asModule({ code, declares }: Piece): string {
  const free = FREE.filter((name) => !declares.includes(name) && new RegExp(`\\b${name}\\b`).test(code));
  const own = code.replaceAll("from './session'", "from '@reprise/session'");
  const imported = /import \{ (.+) \} from '@reprise\/session'/.exec(own)?.[1]?.split(', ') ?? [];
  const needed = ['Session', 'PromptTemplate'].filter((name) => !imported.includes(name));
  return [
    `import { ${needed.join(', ')} } from '@reprise/session';`,
    ...(free.length > 0 ? [`import { ${free.join(', ')} } from './fixture.ts';`] : []),
    own,
    'export {};',
  ].join('\n');
}

/** The piece as the body of an async function that gives what it declared. */
export function asBody({ code, declares }: Piece): string {
  const body = code.replaceAll(/^import (\{ .+ \}) from '.\/session';$/gm, 'const $1 = __session;');
  return `${body}\nreturn { ${declares.join(', ')} };`;
}
