import { afterEach, describe, expect, test } from 'vitest';
import type { Dialect } from '@reprise/fake-provider';
import { readCassette, recordCassette, replayCassette } from '@reprise/core/cassette';
import { really } from './wire/clock.ts';
import { DIALECTS, errorEvent, failed, said } from './wire/dialects.ts';
import type { Theatre } from './wire/theatre.ts';
import { CALLS, FIRST, LAST, play, theatre } from './wire/theatre.ts';

let stage: Theatre;
afterEach(() => stage.close());

/** Reasoning, text and two calls at once. */
const thoughtful = (dialect: Dialect) =>
  said(dialect, { thinking: 'I should look.', text: FIRST, calls: CALLS, delta: 3 });

/** A session with all that can happen to it on the wire; what was recorded of it. */
async function recording(dialect: Dialect): Promise<string> {
  const lines: string[] = [];
  const recorder = recordCassette((line) => lines.push(line), { now: () => stage?.clock.now() ?? 0 });
  stage = await theatre({}, recorder);
  const session = await stage.begin(dialect);
  // A wait, a stream that breaks, then two calls and the end.
  await play(
    stage,
    dialect,
    session,
    failed(dialect, 429, ['rate_limit_error', 'Too many requests'], { 'retry-after': '7', 'x-account': 'acme-corp' }),
    { events: thoughtful(dialect), fault: { afterEvents: 5, send: [errorEvent(dialect, 'overload')] } },
    thoughtful(dialect),
    said(dialect, { text: LAST }),
  );
  // An error that ends the turn.
  await play(
    stage,
    dialect,
    session,
    failed(dialect, 401, ['authentication_error', 'Incorrect API key: sk-abcdefgh12345678.']),
  );
  // An abort in the middle of an answer.
  const from = stage.fake.requests.length;
  stage.fake.script(dialect, {
    events: said(dialect, { text: 'A long answer.' }),
    fault: { afterEvents: 4, then: 'stall' },
  });
  const turn = session.turn('Tell me.');
  await stage.fake.received(from);
  await really(30);
  await turn.abort('enough');
  // A silence.
  const silent = play(stage, dialect, session, { events: [], ending: 'stall' }, said(dialect, { text: LAST }));
  await stage.fake.received(from + 1);
  await really(30);
  for (let i = 0; i < 10; i += 1) {
    stage.clock.advance(30_000);
    await really(10);
  }
  expect((await silent).attempts).toMatchObject([{ code: 'TIMEOUT' }]);
  return lines.join('');
}

describe.each(DIALECTS)('%s', (dialect) => {
  test('what was recorded is played again to the same records, without network or waiting', async () => {
    const text = await recording(dialect);
    const cassette = readCassette(text);
    const asked = stage.fake.requests.length;
    expect(cassette.calls).toHaveLength(asked);
    expect(stage.ran).toHaveLength(2);
    const started = performance.now();
    expect(await replayCassette(cassette)).toEqual({ turns: 4, skipped: [] });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(stage.fake.requests).toHaveLength(asked);
    expect(stage.ran).toHaveLength(2);
    // Neither a key nor a header is on it, but for the time to come back.
    expect(text).not.toMatch(/key-[aog]"|acme-corp|sk-abcdefgh|authorization|x-api-key":/i);
    expect(text).toContain('"retry-after":"7"');
  });
});
