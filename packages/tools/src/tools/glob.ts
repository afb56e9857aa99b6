import type { Tool } from '@reprise/core';
import { z } from 'zod';
import { settle } from '../options.ts';
import type { Settings, ToolsOptions } from '../options.ts';
import { assemble, pathAccess } from './define.ts';
import type { ToolOutput } from './define.ts';

export const globInput = z.strictObject({
  pattern: z
    .string()
    .min(1)
    .describe('For example **/*.ts or src/*.{js,ts}. Without a slash it matches names in every folder.'),
  path: z.string().min(1).optional().describe('Folder to search; default: the working directory.'),
});
export type GlobInput = z.infer<typeof globInput>;

export interface GlobOutput extends ToolOutput {
  /** Files found. */
  readonly count: number;
  readonly truncated?: true;
  readonly spill?: string;
  readonly timedOut?: true;
}

/** Finds files by name. */
export function globTool(options: ToolsOptions = {}): Tool<GlobInput, GlobOutput> {
  return globWith(settle(options));
}

/** The same, sharing settings with other tools. */
export function globWith(settings: Settings): Tool<GlobInput, GlobOutput> {
  return assemble<GlobInput, GlobOutput>(
    {
      name: 'glob',
      description:
        'Finds files by name, the last modified first. Files named in .gitignore and .git are left out; links are not followed. ' +
        'At most 2000 names or 50 KB are shown, the rest goes to a file that is named.',
      input: globInput,
      replay: 'safe',
      access: ({ path }, { cwd }) => pathAccess('read', path, cwd, false),
      load: async () => (await import('../run/glob.ts')).runGlob,
      notes: ({ timedOut }) => (timedOut === true ? ['Stopped at the time limit: search a smaller folder.'] : []),
    },
    settings,
  );
}
