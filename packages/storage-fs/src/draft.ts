import { closeSync, fstatSync, rmSync } from 'node:fs';
import type { Piece } from '@reprise/core';
import { z } from 'zod';
import { createFile, openExisting, readSmall, writeWhole } from './files.ts';

const Line = z.object({ step: z.string(), attempt: z.number(), offset: z.number(), json: z.string() });

/** The text of the step in flight: one piece a line, in order, unsynced. It survives the process, a power cut may take it. */
export class Draft {
  readonly #path: string;
  #fd: number | undefined;
  #size = 0;
  #step: string | undefined;

  constructor(folder: string) {
    this.#path = `${folder}/draft`;
  }

  /** Appends a piece. One of another step starts the file anew. */
  add(piece: Piece): void {
    if (this.#fd === undefined) this.#step = piecesIn(this.#path).at(-1)?.step;
    if (this.#step !== piece.step) this.clear();
    this.#fd ??= this.#open();
    const { step, attempt, offset, json } = piece;
    const bytes = Buffer.from(`${JSON.stringify({ step, attempt, offset, json })}\n`);
    writeWhole(this.#fd, bytes, this.#size);
    this.#size += bytes.length;
    this.#step = step;
  }

  /** Drops every piece. */
  clear(): void {
    this.close();
    rmSync(this.#path, { force: true });
    this.#step = undefined;
  }

  /** Gives the descriptor back; the file stays. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Behind the last whole line: what a crash tore is written over. */
  #open(): number {
    const there = openExisting(this.#path, 'write');
    if (there === undefined) {
      this.#size = 0;
      return createFile(this.#path);
    }
    const text = readSmall(this.#path) ?? '';
    this.#size = Math.min(fstatSync(there).size, Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1)));
    return there;
  }
}

/** The pieces in a draft file: those of its last step, up to the first that isn't whole. */
export function piecesIn(path: string): readonly Piece[] {
  const lines = (readSmall(path) ?? '').split('\n');
  lines.pop();
  let pieces: Piece[] = [];
  for (const line of lines) {
    const piece = pieceOf(line);
    if (piece === undefined) break;
    if (pieces.at(-1)?.step !== piece.step) pieces = [];
    pieces.push(piece);
  }
  return pieces;
}

function pieceOf(line: string): Piece | undefined {
  try {
    return Line.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
