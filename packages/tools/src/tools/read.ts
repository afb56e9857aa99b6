import type { Tool } from '@reprise/core';
import { z } from 'zod';
import { settle } from '../options.ts';
import type { Settings, ToolsOptions } from '../options.ts';
import { assemble, pathAccess } from './define.ts';
import type { ToolOutput } from './define.ts';

export const readInput = z.strictObject({
  path: z.string().min(1).describe('File or folder, absolute or relative to the working directory.'),
  offset: z.int().min(1).optional().describe('First line to read, counted from 1.'),
  limit: z.int().min(1).optional().describe('Number of lines, at most 2000.'),
});
export type ReadInput = z.infer<typeof readInput>;

export interface ReadOutput extends ToolOutput {
  /** Absolute. */
  readonly path: string;
  /** Lines shown; entries of a folder. */
  readonly lines: number;
  /** Lines in the file, where it was read to its end. */
  readonly total?: number;
  /** An image or a PDF, which the model is shown. */
  readonly file?: { readonly sha256: string; readonly mediaType: string };
  /** Where to go on; absent at the end of the file. */
  readonly nextOffset?: number;
}

/** Reads files and lists folders. */
export function readTool(options: ToolsOptions = {}): Tool<ReadInput, ReadOutput> {
  return readWith(settle(options));
}

/** The same, sharing settings with other tools. */
export function readWith(settings: Settings): Tool<ReadInput, ReadOutput> {
  return assemble<ReadInput, ReadOutput>(
    {
      name: 'read',
      description:
        'Reads a text file; each line comes with its number. At most 2000 lines or 50 KB at once, lines longer than 2000 characters are cut; ' +
        'use offset and limit to read on. A folder gives its entries. Images and PDF are shown; other binary files are refused.',
      input: readInput,
      replay: 'safe',
      access: ({ path }, { cwd }) => pathAccess('read', path, cwd, true),
      load: async () => (await import('../run/read.ts')).runRead,
      files: ({ file }) => (file === undefined ? [] : [{ type: 'blob', ...file }]),
      notes: ({ nextOffset, total }) =>
        nextOffset === undefined
          ? []
          : [`More lines follow${total === undefined ? '' : ` (${total} in all)`}: read on with offset ${nextOffset}.`],
    },
    settings,
  );
}
