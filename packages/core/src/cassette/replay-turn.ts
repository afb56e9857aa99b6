import type { JSONSchema7 } from '@ai-sdk/provider';
import type { Turn } from '../contracts/turn.ts';
import { isCoded } from '../errors.ts';
import { createSessions } from '../session/sessions.ts';
import { sameRecords } from './compare.ts';
import { followed } from './follow.ts';
import { resolverOf } from './model.ts';
import { ReplayClock } from './replay-clock.ts';
import { counted, parked, recordedIds, workOf } from './replay-parts.ts';
import { storeBefore } from './replay-store.ts';
import { RecordedTools } from './scene.ts';
import type { TurnDifference, TurnScene } from './scene.ts';

/** Plays one turn on the history that it had; what differed first, if anything did. */
export async function playTurn(scene: TurnScene): Promise<TurnDifference | undefined> {
  const { session: id, turn, cassette, player, options } = scene;
  const clock = new ReplayClock(Date.parse(turn.opening.timestamp));
  const recorded = new RecordedTools(turn);
  const real = options.tools === undefined ? undefined : counted(options.tools);
  const playing: { turn?: Turn } = {};
  const abort = (reason?: string): void => void playing.turn?.abort(reason);
  const { storage, added } = await storeBefore(scene, followed(scene, recorded, abort));
  const sessions = createSessions({
    storage,
    models: resolverOf(cassette, player, {
      ...(options.models && { limits: options.models }),
      onGivenUp(reason) {
        if (isCoded(reason) && reason.code === 'ABORTED') abort(reason.message);
      },
    }),
    ...workOf(scene, recorded, real?.tools),
    clock,
    ids: recordedIds(turn.records, cassette),
    random: () => 0,
    retry: { park: parked(turn.records), ...options.retry },
    report: () => undefined,
  });
  const session = await sessions.resume(id);
  const { content, effort, budget, output } = turn.opening;
  playing.turn = session.turn(content, {
    ...(effort && { effort }),
    ...(budget && { budget }),
    ...(output !== undefined && { output: output as JSONSchema7 }),
  });
  if (real === undefined) {
    playing.turn.on('approval', ({ id: ask, call }) => {
      // Once it is over, nobody needs the answer.
      void recorded.refusal(call).then((answer) => session.answer(ask, answer).catch(() => undefined));
    });
  }
  await pump(playing.turn, () => real?.running() !== true, clock, recorded);
  const found = await added();
  await sessions.close();
  if (player.difference !== undefined) return { in: 'request', ...player.difference };
  return sameRecords(turn.records, found, turn.end !== undefined);
}

/** So often in a row nothing happened, and what should come next does not come any more. */
const PATIENCE = 20;

/** Lets time pass whenever everything waits for it. */
async function pump(turn: Turn, quiet: () => boolean, clock: ReplayClock, recorded: RecordedTools): Promise<void> {
  let ended = false;
  void turn.outcome().then(() => (ended = true));
  for (let idle = 0; !ended;) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (ended || !quiet()) continue;
    // While results wait for their order no time passes, or the calls would take too long.
    idle = recorded.waits ? idle + 1 : 0;
    if (idle === 0) clock.skip();
    else if (idle > PATIENCE) recorded.release();
  }
}
