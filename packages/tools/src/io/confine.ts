import { constants } from 'node:fs';
import { lstat, mkdir, open, readlink, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { ToolContext } from '@reprise/core';
import type { Settings } from '../options.ts';
import { isInside, isProtected } from '../policy/protected.ts';
import { fileError, refused, systemCode, toolError } from './errors.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const LINUX = process.platform === 'linux';

/** Where a path really leads. */
export interface Place {
  /** As the caller named it, made absolute. */
  readonly named: string;
  /** Without links. What does not exist yet hangs on the last folder that does. */
  readonly real: string;
  /** Names below the last existing folder. */
  readonly missing: readonly string[];
  /** Real paths of the folders that `real` may be in. */
  readonly roots: readonly string[];
}

/**
 * Resolves `path` and holds it to the workspace. Contract: what it gives is inside a root by real path; a link to a
 * protected file is refused, because the policy could judge only the link's own name.
 */
export async function place(
  path: string,
  context: ToolContext,
  settings: Settings,
  use: 'read' | 'write',
): Promise<Place> {
  if (path.includes('\0')) throw toolError('A path may not hold a zero character.');
  const named = resolve(context.cwd, path);
  const { real, missing } = await realPath(named);
  const roots = await realRoots(context, settings, use);
  const found = { named, real, missing, roots };
  hold(found, real, settings);
  return found;
}

/** Opens an existing file or folder for reading and checks, once it is open, that it is the one that was allowed. */
export async function openRead(found: Place, settings: Settings): Promise<FileHandle> {
  // Non-blocking, so that a pipe without a writer can't hold the call.
  const handle = await openOr(found, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return checked(handle, found, settings);
}

/** A folder held open. On Linux paths through it stay in it whatever is renamed or linked meanwhile; elsewhere best effort. */
export interface Folder {
  readonly handle: FileHandle;
  readonly real: string;
  /** The path of an entry. */
  at(name: string): string;
}

/** Opens the folder of a file that is to be written, making the folders that are missing. */
export async function openParent(found: Place, settings: Settings): Promise<Folder> {
  const missing = found.missing.slice(0, -1);
  let real = found.real;
  for (let up = 0; up <= missing.length; up++) real = dirname(real);
  let folder = await openFolder(real, found, settings);
  for (const name of missing) {
    const above = folder;
    try {
      await mkdir(above.at(name)).catch((error: unknown) => {
        if (systemCode(error) !== 'EEXIST') throw fileError(join(above.real, name), error);
      });
      await above.handle.sync();
      const opened = await openOr({ ...found, real: above.at(name) }, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      folder = await folderOf(opened, join(above.real, name), found, settings);
    } finally {
      await above.handle.close();
    }
  }
  return folder;
}

async function openFolder(real: string, found: Place, settings: Settings): Promise<Folder> {
  const handle = await openOr({ ...found, real }, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return folderOf(handle, real, found, settings);
}

async function folderOf(handle: FileHandle, real: string, found: Place, settings: Settings): Promise<Folder> {
  await checked(handle, found, settings);
  return { handle, real, at: (name) => (LINUX ? `/proc/self/fd/${handle.fd}/${name}` : join(real, name)) };
}

async function openOr(found: Place, flags: number): Promise<FileHandle> {
  try {
    return await open(found.real, flags);
  } catch (error) {
    throw fileError(found.named, error);
  }
}

async function checked(handle: FileHandle, found: Place, settings: Settings): Promise<FileHandle> {
  if (!LINUX) return handle;
  try {
    hold(found, await readlink(`/proc/self/fd/${handle.fd}`), settings);
    return handle;
  } catch (error) {
    await handle.close();
    throw systemCode(error) === undefined ? error : fileError(found.named, error);
  }
}

function hold(found: Pick<Place, 'named' | 'roots'>, real: string, { places }: Settings): void {
  if (!found.roots.some((root) => isInside(real, root)))
    throw refused(
      `${found.named}${real === found.named ? '' : ` leads to ${real}, which`} is outside the workspace.`,
      `Use a path inside ${found.roots[0] ?? 'the workspace'}.`,
    );
  if (isProtected(real, places) && !isProtected(found.named, places))
    throw refused(
      `${found.named} leads to the protected file ${real}.`,
      'Name that file itself, so that its use can be judged.',
    );
}

async function realRoots(context: ToolContext, settings: Settings, use: 'read' | 'write'): Promise<string[]> {
  const roots = context.roots.length === 0 ? [context.cwd] : context.roots;
  const named = use === 'read' ? [...roots, settings.spillDir] : roots;
  const real = await Promise.all(named.map((root) => realpath(root).catch(() => undefined)));
  return real.filter((root) => root !== undefined);
}

async function realPath(named: string): Promise<{ real: string; missing: string[] }> {
  const missing: string[] = [];
  for (let at = named; ; at = dirname(at)) {
    try {
      return { real: join(await realpath(at), ...missing), missing };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw fileError(named, error);
      const link = await lstat(at).catch(() => undefined);
      if (link !== undefined)
        throw refused(`${at} is a link that leads nowhere.`, 'Remove the link, or name its target.');
      missing.unshift(basename(at));
      if (dirname(at) === at) throw fileError(named, error);
    }
  }
}
