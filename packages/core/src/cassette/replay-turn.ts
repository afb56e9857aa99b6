import type { SessionsConfig } from '../contracts/session.ts';
import type { SessionStorage } from '../contracts/storage.ts';
import type { Turn } from '../contracts/turn.ts';
import { isCoded } from '../errors.ts';
import { encode } from '../records/codec.ts';
import type { Rec } from '../records/types.ts';
import { createSessions } from '../session/sessions.ts';
import { headOf } from '../state/head.ts';
import { memoryStorage } from '../storage/memory.ts';
import { sameRecords } from './compare.ts';
import { followed } from './follow.ts';
import { resolverOf } from './model.ts';
import { over } from './over.ts';
import { ReplayClock } from './replay-clock.ts';
import { counted, recordedIds } from './replay-parts.ts';
import { RecordedTools } from './scene.ts';
import type { TurnDifference, TurnScene } from './scene.ts';

/** Plays one turn on the history that it had; what differed first, if anything did. */
export async function playTurn(scene: TurnScene): Promise<TurnDifference | undefined> {
  const { session: id, turn, before, cassette, player, options } = scene;
  const memory = await storedBefore(scene);
  const clock = new ReplayClock(Date.parse(turn.opening.timestamp));
  const recorded = new RecordedTools(turn.records);
  const real = options.tools === undefined ? undefined : counted(options.tools);
  let playing: Turn | undefined;
  const follow = followed(scene, memory, recorded, () => playing);
  const models = resolverOf(cassette, player, {
    ...(options.models && { limits: options.models }),
    onGivenUp(reason) {
      if (isCoded(reason) && reason.code === 'ABORTED') void playing?.abort(reason.message);
    },
  });
  const sessions = createSessions({
    storage: over<SessionStorage>(memory, {
      async append(lease, batch) {
        await memory.append(lease, batch);
        await follow(batch.records.length);
      },
    }),
    models,
    ...(real === undefined ? playedTools(scene, recorded) : given(scene, real.tools)),
    clock,
    ids: recordedIds(turn.records, cassette),
    random: () => 0,
    retry: { park: parked(turn.records.map(({ record }) => record)), ...options.retry },
    report: () => undefined,
  });
  const handle = await sessions.resume(id);
  playing = handle.turn(turn.opening.content);
  await pump(playing, () => real?.running() !== true, clock, recorded);
  const found: Rec[] = [];
  for await (const page of memory.read(id, { after: before.length }))
    for (const { json } of page) found.push(JSON.parse(json) as Rec);
  await sessions.close();
  if (player.difference !== undefined) return { in: 'request', ...player.difference };
  return sameRecords(turn.records, found, turn.end !== undefined);
}

async function storedBefore({ session: id, before, state }: TurnScene): Promise<SessionStorage> {
  const memory = memoryStorage();
  const lease = await memory.acquire(id, { owner: { name: 'replay' }, expect: 'new' });
  const records = before.map(({ record }) => encode(record));
  await memory.append(lease, { expected: 0, records, head: headOf(id, state) });
  await lease.release();
  return memory;
}

type Working = Pick<SessionsConfig, 'tools' | 'permissions' | 'ask'>;

function playedTools({ state, cassette, turn }: TurnScene, recorded: RecordedTools): Working {
  const call = cassette.calls.find(({ place }) => place > (turn.records[0]?.place ?? 0));
  const { permissions, ask } = recorded;
  return { tools: recorded.tools(state.tools, call?.request), permissions, ask };
}

function given({ options: { permissions, ask } }: TurnScene, tools: SessionsConfig['tools'] & object): Working {
  return { tools, ...(permissions && { permissions }), ...(ask && { ask }) };
}

function parked(records: readonly Rec[]): boolean {
  return records.some((record) => record.type === 'attempt' && record.until !== undefined);
}

/** Lets time pass whenever everything waits for it. */
async function pump(turn: Turn, quiet: () => boolean, clock: ReplayClock, recorded: RecordedTools): Promise<void> {
  let ended = false;
  void turn.outcome().then(() => (ended = true));
  while (!ended) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (!ended && quiet() && !clock.skip()) recorded.release();
  }
}
