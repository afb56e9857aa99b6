import type { Access, Tool } from '@reprise/core';
import { z } from 'zod';
import { settle } from '../options.ts';
import type { Settings, ToolsOptions } from '../options.ts';
import { harmless } from '../policy/harmless.ts';
import { assemble } from './define.ts';
import type { ToolOutput } from './define.ts';

export const DEFAULT_TIMEOUT_MS = 120_000;
const MAX_TIMEOUT_MS = 600_000;

export const bashInput = z.strictObject({
  command: z.string().min(1).describe('The command line.'),
  timeout: z.int().min(1).max(MAX_TIMEOUT_MS).optional().describe('Milliseconds, default 120000, at most 600000.'),
  description: z.string().optional().describe('What the command does, in five to ten words, for people.'),
});
export type BashInput = z.infer<typeof bashInput>;

export interface BashOutput extends ToolOutput {
  /** `null` when a signal ended the shell. */
  readonly exitCode: number | null;
  readonly signal?: string;
  /** The command was ended at its time limit (milliseconds). */
  readonly timedOut?: number;
  readonly aborted?: true;
  /** Processes left in the background were ended. */
  readonly endedBackground?: true;
  readonly truncated?: true;
  readonly spill?: string;
}

/** Runs shell commands. */
export function bashTool(options: ToolsOptions = {}): Tool<BashInput, BashOutput> {
  return bashWith(settle(options));
}

/** The same, sharing settings with other tools. */
export function bashWith(settings: Settings): Tool<BashInput, BashOutput> {
  return assemble<BashInput, BashOutput>(
    {
      name: 'bash',
      description:
        'Runs a command with bash in the working directory and gives its output (stdout and stderr together) and exit code. ' +
        'Each call is a new shell; there is no terminal and no input. Ends after 120 s unless timeout says otherwise (at most 600 s). ' +
        'Background processes are ended with the command; one that must live on needs `setsid … > file 2>&1 &`. ' +
        'At most 2000 lines or 50 KB are shown (beginning and end), everything goes to a file that is named. ' +
        'To read, search or change files use the other tools.',
      input: bashInput,
      replay: 'never',
      access: ({ command }, { cwd }) => commandAccess(command, cwd),
      load: async () => (await import('../run/bash.ts')).runBash,
      notes,
    },
    settings,
  );
}

/** A command that surely only reads counts as reading; any other one may do anything, so it runs alone. */
function commandAccess(command: string, cwd: string): Access {
  const reading = harmless(command, cwd);
  if (reading !== undefined) return { effect: 'read', command, paths: reading.paths };
  return { effect: 'execute', command, locks: ['*'] };
}

function notes(output: BashOutput): string[] {
  const list: string[] = [];
  if (output.output === '') list.push('no output');
  if (output.timedOut !== undefined) list.push(`ended after ${output.timedOut} ms: time limit`);
  else if (output.aborted === true) list.push('cancelled before it ended');
  else if (output.signal !== undefined) list.push(`ended by ${output.signal}`);
  else if (output.exitCode !== 0) list.push(`exit code ${output.exitCode}`);
  if (output.endedBackground === true) list.push('processes left in the background were ended');
  return list;
}
