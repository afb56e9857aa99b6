import { RepriseError } from '../errors.ts';
import { encode } from '../records/codec.ts';
import { reduce } from '../state/reduce.ts';
import { EMPTY } from '../state/state.ts';
import type { Cassette, CassetteCall, CassetteRecord } from './format.ts';
import { Player } from './player.ts';
import { playTurn } from './replay-turn.ts';
import type { Replay, ReplayDifference, ReplayOptions } from './replay-types.ts';
import { told } from './request.ts';
import type { TurnDifference } from './scene.ts';
import type { RecordedTurn } from './turns.ts';
import { turnsOf } from './turns.ts';

/**
 * Sends the messages of each recorded turn again, to the engine as it is now and the models of the cassette, each on the history that it had
 * then, and compares the records that come of it with those of the recording, apart from ids and times. Nothing has an effect: tools give
 * their recorded results, nobody waits, and nothing is stored. INVALID_INPUT for a cassette without a session.
 */
export async function replayCassette(cassette: Cassette, options: ReplayOptions = {}): Promise<Replay> {
  if (cassette.sessions.size === 0) {
    throw new RepriseError('INVALID_INPUT', 'The cassette holds model calls and no session.', {
      hint: 'Record the storage too (`recorder.storage`), or answer with `cassetteModel`.',
    });
  }
  const skipped: { session: string; turn: number; why: string }[] = [];
  let turns = 0;
  for (const [session, log] of cassette.sessions) {
    assertWhole(session, log);
    let state = EMPTY;
    let at = 0;
    for (const turn of turnsOf(log, cassette.calls)) {
      const start = log.indexOf(turn.records[0] as CassetteRecord);
      for (; at < start; at += 1) {
        const { seq, record } = log[at] as CassetteRecord;
        state = reduce(state, seq, record, encode(record).length);
      }
      if (turn.unplayable !== undefined) {
        skipped.push({ session, turn: turn.number, why: turn.unplayable });
        continue;
      }
      const player = new Player(callsOf(turn, cassette), options.match);
      const found = await playTurn({ session, turn, before: log.slice(0, start), state, cassette, player, options });
      turns += 1;
      if (found !== undefined) return { turns, skipped, difference: inWords(session, turn.number, found) };
    }
  }
  return { turns, skipped };
}

/** What was asked between the first record of a turn and its last. */
function callsOf({ records, end }: RecordedTurn, { calls }: Cassette): CassetteCall[] {
  const first = records[0]?.place ?? 0;
  const last = end === undefined ? Infinity : (records.at(-1)?.place ?? Infinity);
  return calls.filter(({ place }) => place > first && place < last);
}

function inWords(session: string, turn: number, found: TurnDifference): ReplayDifference {
  const where = found.in === 'request' ? 'a request' : `record ${found.in.seq}`;
  return { session, turn, ...found, text: `Turn ${turn} of ${session}, ${where}: ${told(found)}.` };
}

function assertWhole(session: string, log: readonly CassetteRecord[]): void {
  const hole = log.findIndex(({ seq }, i) => seq !== i + 1);
  if (hole < 0) return;
  throw new RepriseError('INVALID_INPUT', `The cassette lacks record ${hole + 1} of session ${session}.`, {
    hint: 'Record the session from its beginning, or with the store that holds it.',
  });
}
