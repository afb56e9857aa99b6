import { stripTypeScriptTypes } from 'node:module';
import * as published from '@reprise/session';
import type { Session } from '@reprise/session';
import type { Block, Piece } from './blocks.ts';
import { asBody, piecesOf } from './blocks.ts';

/** What the specification's code takes from around it. */
export interface Fixture {
  readonly session: Session;
  readonly messageId: string;
  readonly exportedData: unknown;
}

export interface Ran {
  /** What the block declared, under its names; where it declares one twice, the last. */
  readonly names: Readonly<Record<string, any>>;
  /** What it printed: each call of `console` as its arguments joined, and what it wrote to stdout. */
  readonly printed: readonly string[];
  readonly pieces: number;
}

/** Runs the code of a block as it stands, piece by piece. */
export async function runBlock(block: Block, fixture: Fixture): Promise<Ran> {
  const printed: string[] = [];
  const print = (...args: unknown[]): void => void printed.push(args.map(String).join(' '));
  const surroundings = {
    ...fixture,
    Session: published.Session,
    PromptTemplate: published.PromptTemplate,
    console: { log: print, error: print },
    process: { stdout: { write: print } },
  };
  const pieces = piecesOf(block.code);
  let names = {};
  for (const piece of pieces) names = { ...names, ...(await runPiece(piece, surroundings)) };
  return { names, printed, pieces: pieces.length };
}

async function runPiece(piece: Piece, surroundings: object): Promise<Record<string, unknown>> {
  const body = asBody(piece);
  const given = Object.entries(surroundings).filter(
    ([name]) => !piece.declares.includes(name) && !body.includes(`const { ${name} } = __session`),
  );
  const parameters = ['__session', ...given.map(([name]) => name)];
  const code = stripTypeScriptTypes(`async function block(${parameters.join(', ')}) {\n${body}\n}`);
  // The specification's own code, from a file of this repository.
  const block = new Function(`${code}\nreturn block;`)() as (...args: unknown[]) => Promise<Record<string, unknown>>;
  return block(published, ...given.map(([, value]) => value));
}
