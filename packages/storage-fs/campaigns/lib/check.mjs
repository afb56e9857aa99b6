import { recordOf, headOf, IDS } from './workload.mjs';

/**
 * What is wrong with the store at `root` after a crash, as sentences: every acknowledged record must be there, once, in order; the move
 * under way whole or not at all; the head never ahead; the next writer must be able to go on, and leave a session without damage.
 * `found` gets the logs as they were.
 */
export async function checkAfterCrash({ fsStorage, verifySession }, root, model, found = new Map()) {
  const problems = [];
  const reader = fsStorage({ root });
  const say = (problem) => problems.push(problem);
  try {
    const listed = new Set((await reader.list()).items.map(({ id }) => id));
    for (const id of IDS) {
      const log = await logOf(reader, id, say);
      found.set(id, log);
      const allowed = model.allowed(id);
      if (!allowed.some((one) => same(one, log))) {
        const wanted = allowed.map((one) => one?.length ?? 'none').join(' or ');
        say(`${id}: found ${log?.length ?? 'no session'}, acknowledged were ${wanted}`);
      }
      const head = await reader.head(id);
      if ((head === undefined) !== (log === undefined)) say(`${id}: a head without a session, or the other way round`);
      if (head !== undefined && head.seq > (log?.length ?? 0))
        say(`${id}: the head is at ${head.seq}, the log at ${log?.length}`);
      if (listed.has(id) !== (log !== undefined)) say(`${id}: listed ${listed.has(id)}, there ${log !== undefined}`);
      await goOn({ fsStorage, verifySession }, root, id, log, say);
    }
  } catch (error) {
    say(`${error.code ?? ''} ${error.stack}`);
  } finally {
    await reader.close();
  }
  return problems;
}

async function logOf(storage, id, say) {
  const log = [];
  try {
    for await (const page of storage.read(id)) {
      for (const { seq, json } of page) {
        if (seq !== log.length + 1) say(`${id}: record ${seq} follows record ${log.length}`);
        log.push(json);
      }
    }
  } catch (error) {
    if (error.code === 'SESSION_NOT_FOUND') return undefined;
    say(`${id}: ${error.code}: ${error.message}`);
  }
  return log;
}

/** The next process takes the lease, appends, and leaves no damage; the append is taken back by nobody. */
async function goOn({ fsStorage, verifySession }, root, id, log, say) {
  const storage = fsStorage({ root });
  try {
    const expect = log === undefined ? 'new' : 'existing';
    const lease = await storage.acquire(id, { owner: { name: 'next' }, expect });
    const tip = log?.length ?? 0;
    if ((lease.head?.seq ?? 0) !== tip)
      say(`${id}: the next writer stands at ${lease.head?.seq}, the reader at ${tip}`);
    await storage.append(lease, { expected: tip, records: [recordOf(0, 1)], head: headOf(id, tip + 1) });
    await lease.release();
    const after = await logOf(storage, id, say);
    if (!same(after, [...(log ?? []), recordOf(0, 1)]))
      say(`${id}: after the next append ${after?.length} records of ${tip + 1}`);
    for (const damage of verifySession(id, { root })) say(`${id}: damage is left: ${JSON.stringify(damage)}`);
    if (log === undefined)
      await storage.remove(await storage.acquire(id, { owner: { name: 'next' }, expect: 'existing' }));
  } finally {
    await storage.close();
  }
}

function same(a, b) {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((json, at) => json === b[at]);
}
