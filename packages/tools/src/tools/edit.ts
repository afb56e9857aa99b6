import type { Tool } from '@reprise/core';
import { z } from 'zod';
import { settle } from '../options.ts';
import type { Settings, ToolsOptions } from '../options.ts';
import { assemble, pathAccess } from './define.ts';
import type { ToolOutput } from './define.ts';

export const editInput = z.strictObject({
  path: z.string().min(1).describe('File, absolute or relative to the working directory.'),
  oldString: z.string().min(1).describe('Text to replace, exactly as in the file, without line numbers.'),
  newString: z.string().describe('Text to put in its place.'),
  replaceAll: z.boolean().optional().describe('Replace every occurrence; otherwise there must be exactly one.'),
});
export type EditInput = z.infer<typeof editInput>;

export interface EditOutput extends ToolOutput {
  readonly path: string;
  readonly replacements: number;
}

/** Changes a part of a file. */
export function editTool(options: ToolsOptions = {}): Tool<EditInput, EditOutput> {
  return editWith(settle(options));
}

/** The same, sharing settings with other tools. */
export function editWith(settings: Settings): Tool<EditInput, EditOutput> {
  return assemble<EditInput, EditOutput>(
    {
      name: 'edit',
      description:
        'Replaces text in a file. oldString must match exactly, with its indentation, and must occur once unless replaceAll is true: ' +
        'give enough lines around it. Line ends (CRLF) and the byte order mark are kept. Returns a short diff.',
      input: editInput,
      replay: 'never',
      access: ({ path }, { cwd }) => pathAccess('write', path, cwd, true),
      load: async () => (await import('../run/edit.ts')).runEdit,
    },
    settings,
  );
}
