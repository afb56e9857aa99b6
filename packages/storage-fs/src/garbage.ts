import { readdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import { basename } from 'node:path';
import { SESSION_ID } from '@reprise/core';
import { attempt } from './errors.ts';
import { statOf, syncFolderSync } from './files.ts';
import { Leases } from './leases.ts';
import { takeLock } from './lock.ts';
import { readSession } from './read-log.ts';
import { holdsRecords } from './reformatted.ts';
import { Root, rootOf, type FsStorageOptions } from './root.ts';
import { headAtTip, holdsSession } from './session-folder.ts';
import { verifySession } from './verify.ts';

export interface GarbageOptions extends FsStorageOptions {
  /** Only say what would be removed; nothing is written. */
  readonly dryRun?: boolean;
  /** Temporary files and half-made folders must be this old: somebody may be at work on them. An hour if absent. */
  readonly olderThanMs?: number;
  /** The time now, in milliseconds; the system's if absent. */
  readonly now?: () => number;
}

export interface Garbage {
  readonly kind: 'removed-session' | 'half-made' | 'temporary' | 'draft' | 'blob' | 'index-marks';
  readonly path: string;
  readonly bytes: number;
  readonly note: string;
}

export interface Collected {
  readonly dryRun: boolean;
  readonly items: readonly Garbage[];
  /** Sessions that could not be looked through, and why. */
  readonly skipped: readonly { readonly id: string; readonly why: string }[];
}

const HOUR = 3_600_000;
/** Marks for the index beyond this are not worth reading again: the index starts over. */
const MANY_MARKS = 16 << 20;
const SHA256 = /[0-9a-f]{64}/g;
const IS_SHA256 = /^[0-9a-f]{64}$/;

/**
 * Removes what crashes left behind and nobody can need: sessions whose removal didn't end, folders in which a session was never made,
 * temporary files, drafts of steps that are stored, attachments that no record names. Sessions in use are passed over, and
 * damaged ones keep their attachments; bytes put aside in `damaged/` always stay.
 */
export async function collectGarbage(options: GarbageOptions = {}): Promise<Collected> {
  const { dryRun = false } = options;
  const root = new Root(rootOf(options)).find();
  const skipped: { id: string; why: string }[] = [];
  const items: Garbage[] = [];
  if (root === undefined) return { dryRun, items, skipped };
  const old = (stat: Stats): boolean => stat.mtimeMs < (options.now ?? Date.now)() - (options.olderThanMs ?? HOUR);
  const drop = (item: Garbage): void => {
    if (!dryRun && !(item.kind === 'half-made' ? removeHalfMade(root, item.path) : remove(item.path))) return;
    items.push(item);
  };
  return attempt('collect garbage', async () => {
    for (const name of readdirSync(root)) {
      const path = `${root}/${name}`;
      if (name.startsWith('.trash-')) drop({ kind: 'removed-session', path, bytes: sizeOf(path), note: 'was removed' });
      else if (name === '.touched' && (statOf(path)?.size ?? 0) > MANY_MARKS)
        drop({ kind: 'index-marks', path, bytes: sizeOf(path), note: 'the index is made anew at its next use' });
      else if (SESSION_ID.test(name) && statOf(path)?.isDirectory() === true) {
        for (const item of temporariesIn(path, old)) drop(item);
        try {
          if (dryRun) for (const item of garbageIn(path, name, old, options)) drop(item);
          else await underLease(options, path, name, () => [...garbageIn(path, name, old, options)].forEach(drop));
        } catch (error) {
          skipped.push({ id: name, why: error instanceof Error ? error.message : String(error) });
        }
      }
    }
    if (!dryRun && items.length > 0) syncFolderSync(root);
    return { dryRun, items, skipped };
  });
}

function remove(path: string): boolean {
  rmSync(path, { recursive: true, force: true });
  return true;
}

/** Out of sight in one step and under its lock, so that nobody is making a session in it; `false` where somebody has. */
function removeHalfMade(root: string, folder: string): boolean {
  const id = basename(folder);
  const lock = takeLock(folder, id, { name: 'gc' }, Date.now);
  if (lock === undefined) return false;
  const trash = `${root}/.trash-${id}-gc-${process.pid}`;
  try {
    if (holdsSession(folder, id)) return false;
    renameSync(folder, trash);
  } finally {
    lock.free();
  }
  return remove(trash);
}

/** Runs `work` with the lock of a whole session, so that no writer is at work in it. */
async function underLease(options: GarbageOptions, folder: string, id: string, work: () => void): Promise<void> {
  const whole = holdsSession(folder, id);
  // Looked at first without the lock: taking it in every session of a store would cost 5 ms each.
  if (whole && !mayHoldGarbage(folder)) return;
  const leases = new Leases(new Root(rootOf(options)), Date.now);
  try {
    if (whole) leases.acquire(id, { name: 'gc' }, 'existing');
    work();
  } finally {
    await leases.close();
  }
}

function mayHoldGarbage(folder: string): boolean {
  return statOf(`${folder}/draft`) !== undefined || statOf(`${folder}/blobs`) !== undefined;
}

function* garbageIn(
  folder: string,
  id: string,
  old: (stat: Stats) => boolean,
  options: GarbageOptions,
): Generator<Garbage> {
  if (!holdsSession(folder, id)) {
    const stat = statOf(folder);
    if (stat === undefined || !old(stat) || keepsRecords(folder)) return;
    yield { kind: 'half-made', path: folder, bytes: sizeOf(folder), note: 'no session was made in it' };
    return;
  }
  const draft = statOf(`${folder}/draft`);
  if (draft !== undefined && headAtTip(folder, id)?.status !== 'active')
    yield { kind: 'draft', path: `${folder}/draft`, bytes: draft.size, note: 'its step has ended' };
  if (statOf(`${folder}/blobs`)?.isDirectory() !== true || verifySession(id, options).length > 0) return;
  const named = hashesIn(folder, id);
  for (const name of readdirSync(`${folder}/blobs`)) {
    const path = `${folder}/blobs/${name}`;
    const stat = statOf(path);
    // Without the lock (a dry run) a record that names a young one may be on its way.
    if (IS_SHA256.test(name) && stat !== undefined && old(stat) && !named.has(name))
      yield { kind: 'blob', path, bytes: stat.size, note: 'no record names it' };
  }
}

function* temporariesIn(folder: string, old: (stat: Stats) => boolean): Generator<Garbage> {
  for (const place of [folder, `${folder}/inbox`, `${folder}/blobs`]) {
    if (statOf(place)?.isDirectory() !== true) continue;
    for (const name of readdirSync(place)) {
      const stat = name.startsWith('.tmp-') ? statOf(`${place}/${name}`) : undefined;
      if (stat === undefined || !old(stat)) continue;
      yield { kind: 'temporary', path: `${place}/${name}`, bytes: stat.size, note: 'an unfinished write' };
    }
  }
}

/** Whether anything in a folder that holds no session could be of use to somebody who rescues records by hand. */
function keepsRecords(folder: string): boolean {
  if (statOf(`${folder}/damaged`) !== undefined || statOf(`${folder}/blobs`) !== undefined) return true;
  return holdsRecords(`${folder}/messages.json`);
}

function hashesIn(folder: string, id: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const page of readSession(folder, id, {})) {
    for (const { json } of page) for (const hash of json.match(SHA256) ?? []) found.add(hash);
  }
  return found;
}

function sizeOf(path: string): number {
  const stat = statOf(path);
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(`${path}/${name}`), 0);
}
