import { readdirSync } from 'node:fs';
import { pageOfHeads, SESSION_ID, type Page, type Query, type SessionHead } from '@reprise/core';
import { listedIn } from './session-folder.ts';
import type { SessionIndex } from './session-index.ts';

/** Sessions between two looks at the event loop: about 2 ms of reading. */
const BATCH = 64;
/** From so many folders on an index pays: below, reading the heads themselves takes 20 ms. */
const MANY = 2000;

/** A page of the sessions in `index.root`: from the index where there are many, else, and where there is none, from the files. */
export async function listSessions(index: SessionIndex, query: Query | undefined): Promise<Page<SessionHead>> {
  if (index.file.exists() || readdirSync(index.root).length > MANY) {
    const page = await index.page(query);
    if (page !== undefined) return page;
  }
  return pageOfHeads(await everySession(index.root), query);
}

/** The head of every session under `root`, from one small file each. What can't be read as a session is passed over. */
export async function everySession(root: string): Promise<readonly SessionHead[]> {
  const heads: SessionHead[] = [];
  let batch = 0;
  for (const name of readdirSync(root)) {
    if (!SESSION_ID.test(name)) continue;
    const head = quietly(() => listedIn(`${root}/${name}`, name));
    if (head !== undefined) heads.push(head);
    batch += 1;
    if (batch % BATCH === 0) await new Promise<void>((done) => void setImmediate(done));
  }
  return heads;
}

/** One bad folder never hides the others; opening that session says what is wrong. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
