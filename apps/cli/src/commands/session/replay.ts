import { cassetteOf, readCassette, replayCassette } from '@reprise/core/cassette';
import type { Cassette, Replay } from '@reprise/core/cassette';
import { RepriseError } from '@reprise/core';
import type { ModelResolver } from '@reprise/core';
import { openSessions } from '@reprise/session/compose';
import { EXIT, readText } from '@reprise/tui';
import type { Handler, Io } from '@reprise/tui';
import type { REPLAY, StoreFlags } from '../options.ts';

/** Bytes; a string of JavaScript holds not much more. */
const LARGEST = 256 * 1024 * 1024;

export const replay: Handler<typeof REPLAY> = async ({ options, operands: [name = ''] }, io) => {
  const { cassette, models } = await find(name, options, io);
  const played = await replayCassette(cassette, {
    ...(models && { models }),
    ...(options.lenient && { match: 'order' }),
  });
  if (options.json) io.out.json(played);
  else tell(played, io);
  // Nothing compared is nothing shown to be the same.
  return played.difference === undefined && played.turns > 0 ? EXIT.ok : EXIT.failure;
};

interface Found {
  readonly cassette: Cassette;
  readonly models?: ModelResolver;
}

/** No id has a dot or a slash in it. */
async function find(name: string, { storage, server }: StoreFlags, io: Io): Promise<Found> {
  if (server !== undefined) {
    throw new RepriseError('UNSUPPORTED', 'A session is played again where its tools and models are.', {
      hint: 'Take it over: reprise session export ID --server URL | reprise session import -',
    });
  }
  if (/[./\\]|^-$/.test(name)) return { cassette: readCassette(await readText(io, name, LARGEST)) };
  const { sessions, models } = await openSessions(io, { storage });
  try {
    return { cassette: cassetteOf(await (await sessions.load(name)).export({ redact: false })), models };
  } finally {
    await sessions.close();
  }
}

function tell({ turns, skipped, difference }: Replay, { out, err }: Io): void {
  for (const { session, turn, why } of skipped)
    err.write(`reprise: turn ${turn} of ${session} can not be played again: ${why}\n`, 'yellow');
  if (difference !== undefined) out.write(`${difference.text}\n`);
  else if (turns === 0) err.write('reprise: there is no turn that can be played again\n', 'yellow');
  else out.write(`${turns} ${turns === 1 ? 'turn' : 'turns'}, the same records\n`);
}
