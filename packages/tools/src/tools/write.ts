import type { Tool } from '@reprise/core';
import { z } from 'zod';
import { settle } from '../options.ts';
import type { Settings, ToolsOptions } from '../options.ts';
import { assemble, pathAccess } from './define.ts';
import type { ToolOutput } from './define.ts';

export const writeInput = z.strictObject({
  path: z.string().min(1).describe('File, absolute or relative to the working directory.'),
  content: z.string().describe('The whole new content.'),
});
export type WriteInput = z.infer<typeof writeInput>;

export interface WriteOutput extends ToolOutput {
  readonly path: string;
  /** Bytes written. */
  readonly bytes: number;
  readonly created: boolean;
}

/** Writes whole files. */
export function writeTool(options: ToolsOptions = {}): Tool<WriteInput, WriteOutput> {
  return writeWith(settle(options));
}

/** The same, sharing settings with other tools. */
export function writeWith(settings: Settings): Tool<WriteInput, WriteOutput> {
  return assemble<WriteInput, WriteOutput>(
    {
      name: 'write',
      description:
        'Writes a whole file, new or in place of the old content; missing folders are made. ' +
        "An existing file's mode, byte order mark and CRLF line ends are kept. To change a part of a file use edit.",
      input: writeInput,
      replay: 'never',
      access: ({ path }, { cwd }) => pathAccess('write', path, cwd, true),
      load: async () => (await import('../run/write.ts')).runWrite,
    },
    settings,
  );
}
