import { readdirSync } from 'node:fs';
import { pageOfHeads, SESSION_ID, type Page, type Query, type SessionHead } from '@reprise/core';
import { listedIn } from './session-folder.ts';

/** Sessions between two looks at the event loop: about 2 ms of reading. */
const BATCH = 64;

/** The sessions under `root`, from one small file each. What can't be read as a session is passed over. */
export async function listSessions(root: string, query: Query | undefined): Promise<Page<SessionHead>> {
  const heads: SessionHead[] = [];
  let batch = 0;
  for (const name of readdirSync(root)) {
    if (!SESSION_ID.test(name)) continue;
    const head = quietly(() => listedIn(`${root}/${name}`, name));
    if (head !== undefined) heads.push(head);
    batch += 1;
    if (batch % BATCH === 0) await new Promise<void>((done) => void setImmediate(done));
  }
  return pageOfHeads(heads, query);
}

/** One bad folder never hides the others; opening that session says what is wrong. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
