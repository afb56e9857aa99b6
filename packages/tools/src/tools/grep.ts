import type { Tool } from '@reprise/core';
import { z } from 'zod';
import { settle } from '../options.ts';
import type { Settings, ToolsOptions } from '../options.ts';
import { assemble, pathAccess } from './define.ts';
import type { ToolOutput } from './define.ts';

export const grepInput = z.strictObject({
  pattern: z.string().min(1).describe('Regular expression in the syntax of ripgrep.'),
  path: z.string().min(1).optional().describe('File or folder to search; default: the working directory.'),
  glob: z.string().min(1).optional().describe('Only files that match, for example *.ts or src/**/*.{ts,tsx}.'),
  mode: z
    .enum(['content', 'files', 'count'])
    .optional()
    .describe('content (default): matching lines; files: names of files; count: matching lines per file.'),
  ignoreCase: z.boolean().optional(),
  context: z.int().min(0).max(50).optional().describe('Lines shown before and after each match.'),
  literal: z.boolean().optional().describe('Take the pattern as plain text.'),
});
export type GrepInput = z.infer<typeof grepInput>;

export interface GrepOutput extends ToolOutput {
  /** Lines (`content`) or files. */
  readonly count: number;
  readonly truncated?: true;
  readonly spill?: string;
  /** The search was stopped at its time limit; what was found until then is given. */
  readonly timedOut?: true;
}

/** Searches file contents. */
export function grepTool(options: ToolsOptions = {}): Tool<GrepInput, GrepOutput> {
  return grepWith(settle(options));
}

/** The same, sharing settings with other tools. */
export function grepWith(settings: Settings): Tool<GrepInput, GrepOutput> {
  return assemble<GrepInput, GrepOutput>(
    {
      name: 'grep',
      description:
        'Searches file contents with ripgrep and gives path:line:text, sorted by path. Files named in .gitignore, binary files and .git are left out; ' +
        'links are not followed. At most 2000 lines or 50 KB are shown, the rest goes to a file that is named.',
      input: grepInput,
      replay: 'safe',
      access: ({ path }, { cwd }) => pathAccess('read', path, cwd, false),
      load: async () => (await import('../run/grep.ts')).runGrep,
      notes: ({ timedOut }) => (timedOut === true ? ['Stopped at the time limit: search a smaller part.'] : []),
    },
    settings,
  );
}
