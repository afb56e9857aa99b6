import type { FeedEvent, FollowOptions } from '../contracts/feed.ts';
import type { At } from '../contracts/turn.ts';
import { RepriseError } from '../errors.ts';
import { followHub } from '../follow/follow.ts';
import type { ReadLog } from '../follow/hub.ts';
import { storedAfter } from '../follow/others.ts';
import type { LiveSession } from './live.ts';
import { notFound, readable } from './load.ts';
import { checkId } from './options.ts';
import type { Runtime } from './runtime.ts';

/** `sessions.follow()`. Takes no lease and opens no session: who only follows costs what is new. `open` is the session where it is open here. */
export async function* followSession(
  runtime: Runtime,
  id: string,
  { after = 0, signal }: FollowOptions,
  open: () => LiveSession | undefined,
): AsyncGenerator<FeedEvent, void, void> {
  checkId(id);
  const at = positionOf(after);
  const { storage, hubs, clock } = runtime;
  const { hub, watch, leave } = hubs.join(id);
  const readLog: ReadLog = (seq) => {
    const live = open();
    return live === undefined || live.autoSave ? storedAfter(storage, id, seq) : unsavedAfter(live, seq);
  };
  try {
    const tip = await tipOf(runtime, id, at.seq, readLog, open);
    hub.noticed(tip);
    watch({ storage, clock, readLog, isHeld: () => open()?.tip !== undefined });
    yield* followHub(hub, readLog, at, signal);
  } finally {
    leave();
  }
}

function positionOf(after: At | number): At {
  const at = typeof after === 'number' ? { seq: after, attempt: 1, offset: 0 } : after;
  const { seq, attempt, offset, reasoning = 0 } = Object(at) as At;
  if ([seq, attempt, offset, reasoning].every((value) => Number.isSafeInteger(value) && value >= 0)) return at;
  throw new RepriseError('INVALID_INPUT', 'The position must be the number of a record, or the `at` of an event.');
}

/** The last record that is known; a head may lag while somebody writes. */
async function tipOf(
  { storage }: Runtime,
  id: string,
  wanted: number,
  readLog: ReadLog,
  open: () => LiveSession | undefined,
): Promise<number> {
  const live = open();
  if (live?.tip !== undefined && wanted <= live.tip) return live.tip;
  const head = live?.autoSave === false ? live.head : await storage.head(id);
  if (head === undefined) throw notFound(id);
  if (wanted <= head.seq) return head.seq;
  for await (const { seq } of readLog(wanted - 1)) return seq;
  throw new RepriseError('CONFLICT', `Session ${id} has no record ${wanted} yet.`, {
    hint: 'The position is another session’s: follow from the beginning.',
  });
}

async function* unsavedAfter(live: LiveSession, after: number): ReturnType<typeof storedAfter> {
  for await (const stored of live.records(after, [])) {
    yield { seq: stored.seq, record: readable(stored, []), size: stored.json.length };
  }
}
