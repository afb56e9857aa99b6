import { relative } from 'node:path';
import { realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ToolContext } from '@reprise/core';
import { openRead, place } from '../io/confine.ts';
import { fileError, toolError } from '../io/errors.ts';
import { Output } from '../io/output.ts';
import { openSpill } from '../io/spill.ts';
import type { Settings } from '../options.ts';
import { isInside } from '../policy/protected.ts';
import { ripgrep } from './ripgrep.ts';
import type { Search } from './ripgrep.ts';

/** Results of a search are kept up to here; then the search ends. */
const MAX_RESULT_BYTES = 16 * 2 ** 20;

/** What is searched, held open so that it can't be exchanged meanwhile (Linux; elsewhere by path). */
interface Target {
  readonly kind: 'folder' | 'file';
  readonly handle: FileHandle;
  /** A working directory for the search's process. */
  readonly cwd: string;
  /** How the target is named to the model: relative to the working directory where it is inside; empty = itself. */
  readonly shown: string;
  readonly real: string;
}

async function openTarget(path: string | undefined, context: ToolContext, settings: Settings): Promise<Target> {
  const found = await place(path ?? '.', context, settings, 'read');
  const handle = await openRead(found, settings);
  try {
    const facts = await handle.stat();
    if (!facts.isDirectory() && !facts.isFile()) throw toolError(`${found.named} is no file or folder.`);
    const cwd = await realpath(context.cwd).catch(() => context.cwd);
    const shown = isInside(found.real, cwd) ? relative(cwd, found.real) : found.real;
    if (facts.isFile()) return { kind: 'file', handle, cwd: '/', shown, real: found.real };
    const held = process.platform === 'linux' ? `/proc/${process.pid}/fd/${handle.fd}` : found.real;
    return { kind: 'folder', handle, cwd: held, shown, real: found.real };
  } catch (error) {
    await handle.close();
    throw error instanceof Error && 'syscall' in error ? fileError(found.named, error) : error;
  }
}

/** The name of a found file, from its path below the target. */
export function shownPath(target: Target, below: string): string {
  const clean = below.startsWith('./') ? below.slice(2) : below;
  return target.shown === '' ? clean : `${target.shown}/${clean}`;
}

/** What a search found, as its tool gives it. */
interface Found {
  readonly output: string;
  readonly count: number;
  readonly truncated?: true;
  readonly spill?: string;
  readonly timedOut?: true;
}

export interface Searching {
  readonly tool: string;
  readonly path: string | undefined;
  /** Stands for nothing found. */
  readonly nothing: string;
  /** How ripgrep is asked. `found` takes a line of the result, which counts unless it says otherwise; `false` ends the search. */
  ask(target: Target, found: (line: string, counts?: boolean) => Promise<boolean>): Omit<Search, 'signal'>;
}

/** Searches below a path that is held open meanwhile, and gives what is found within the limits of a result. */
export async function search(
  { tool, path, nothing, ask }: Searching,
  context: ToolContext,
  settings: Settings,
): Promise<Found> {
  const target = await openTarget(path, context, settings);
  const output = new Output({
    keep: 'head',
    spill: () => openSpill(settings.spillDir, tool, settings.maxSpillBytes, context.now()),
  });
  let count = 0;
  const found = async (line: string, counts = true): Promise<boolean> => {
    if (counts) count += 1;
    await output.push(`${line}\n`);
    return output.bytes < MAX_RESULT_BYTES;
  };
  try {
    const { timedOut } = await ripgrep({ ...ask(target, found), signal: context.signal }, settings);
    const { text, truncated, spill } = await output.end();
    return {
      output: text === '' && !timedOut ? nothing : text,
      count,
      ...(truncated && { truncated }),
      ...(spill !== undefined && { spill }),
      ...(timedOut && { timedOut }),
    };
  } finally {
    await output.end();
    await target.handle.close();
  }
}
