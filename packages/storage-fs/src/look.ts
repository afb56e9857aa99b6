import type { SessionHead } from '@reprise/core';
import { stateText } from './head-file.ts';
import { statOf } from './files.ts';
import { listedIn, quickHeadIn } from './session-folder.ts';

/** A session as its files are; a head of `null` where it is the one that was known, `undefined` where there is no session. */
export interface Look {
  readonly head: SessionHead | null | undefined;
  /** Tells one `state.json` from another, but for what came within one tick of the file system's clock; empty where the head comes from elsewhere. */
  readonly sig: string;
}

/** Looks at session `id`, whose signature was `sig` when it was last looked at; without it, whatever its signature is. */
export function lookAt(root: string, id: string, sig: string | undefined): Look {
  const now = signature(root, id);
  if (now !== '' && now === sig) return { head: null, sig };
  try {
    const head = quickHeadIn(`${root}/${id}`, id);
    // Only what was read from that very file has its signature.
    if (head !== undefined) return { head, sig: now };
    return { head: listedIn(`${root}/${id}`, id), sig: '' };
  } catch {
    return { head: undefined, sig: '' };
  }
}

/** Whether session `id` is still as it was when its head had the text `head` and its signature was `sig`. */
export function isStill(root: string, id: string, sig: string, head: string): boolean {
  if (sig !== '') return sig === signature(root, id);
  const now = lookAt(root, id, undefined).head;
  return now !== undefined && now !== null && stateText(now) === head;
}

/** Empty also where it can't be told: one bad folder takes no others with it. */
function signature(root: string, id: string): string {
  try {
    const stat = statOf(`${root}/${id}/state.json`);
    return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
  } catch {
    return '';
  }
}
