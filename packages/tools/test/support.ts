import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Tool, ToolContext } from '@reprise/core';
import { test as base } from 'vitest';
import { createTools, toolContext } from '../src/index.ts';
import type { ToolsOptions } from '../src/index.ts';

/** A workspace with a folder beside it that is outside, a spill folder, and the six tools. */
export interface Workspace {
  readonly top: string;
  readonly cwd: string;
  readonly outside: string;
  readonly spillDir: string;
  file(path: string, content: string | Uint8Array): Promise<string>;
  /** Output of the tool called `name`. */
  run(name: string, input: object, context?: Partial<ToolContext>, options?: ToolsOptions): Promise<any>;
  /** What the model would see. */
  text(name: string, input: object, options?: ToolsOptions): Promise<string>;
}

export const test = base.extend<{ w: Workspace }>({
  w: async ({ task: _task }, use) => {
    const top = await realpath(await mkdtemp(join(tmpdir(), 'reprise-tools-')));
    const cwd = join(top, 'work');
    const outside = join(top, 'outside');
    const spillDir = join(top, 'spill');
    await mkdir(cwd);
    await mkdir(outside);
    const find = (name: string, options: ToolsOptions = {}): Tool => {
      const made = createTools({ spillDir, home: join(top, 'home'), environment: process.env, ...options });
      return made.find((tool) => tool.name === name) as Tool;
    };
    const run: Workspace['run'] = (name, input, context, options) =>
      find(name, options).run(input, toolContext({ cwd, ...context }));
    await use({
      top,
      cwd,
      outside,
      spillDir,
      run,
      async file(path, content) {
        const full = join(cwd, path);
        await mkdir(dirname(full), { recursive: true });
        await writeFile(full, content);
        return full;
      },
      async text(name, input, options) {
        const content = find(name, options).toModel?.(await run(name, input, {}, options)) ?? [];
        return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
      },
    });
    await chmod(top, 0o700);
    await rm(top, { recursive: true, force: true });
  },
});

export const linux = process.platform === 'linux';

/** Whether a process runs (a dead one that nobody collected doesn't). */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8', stdio: 'pipe' }));
  } catch {
    return false;
  }
}

/** Waits until `done`, at most ten seconds. */
export async function eventually(done: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let at = 0; at < 1_000; at++) {
    if (await done()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

export function found(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
