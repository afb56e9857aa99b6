import { expect, test } from 'vitest';
import type { SessionsConfig } from '../src/contracts/config.ts';
import type { AskRequest, Tool } from '../src/contracts/tool.ts';
import { expectAnswered, answersIn, asksIn } from './support/asks.ts';
import { settled, until } from './support/clock.ts';
import { expectLawful } from './support/fold.ts';
import { call, calls, say } from './support/model.ts';
import { chunksOf, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** A turn whose tool asks `which?`, once for each text. */
async function asking(
  texts: readonly string[] = ['which?'],
  change: Partial<SessionsConfig> = {},
  more: Partial<Tool> = {},
) {
  const survey = tool('survey', {
    run: async (_input, { ask }) => {
      const said: string[] = [];
      for (const text of texts) said.push(await ask({ text, choices: ['red', 'blue'] }));
      return said.join(' ');
    },
    ...more,
  });
  const theatre = stage({ tools: [survey], onAsk: 'wait', ...change });
  theatre.model.script.push(calls(call('a', 'survey')), say('done'));
  const session = await theatre.sessions.create(start);
  const turn = session.turn('go');
  const records = () => recordsOf(theatre.storage.inner, session.id);
  return { ...theatre, survey, session, turn, records };
}

test('a tool asks a person; the question is stored and shown, and the answer is a text', async () => {
  const { session, turn, records } = await asking();
  await until(() => session.head.seq === 4);
  const [ask] = await session.approvals();
  expect(ask).toMatchObject({ call: 'a', tool: 'survey', question: { text: 'which?', choices: ['red', 'blue'] } });
  await expect(session.answer(ask?.id ?? '', { verdict: 'once' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await session.answer(ask?.id ?? '', { text: 'green, please' });
  await turn.outcome();
  expect((await session.getMessages())[1]?.toolResults?.[0]).toEqual({ id: 'a', result: 'green, please' });
  expect(answersIn(await records())).toMatchObject([{ verdict: 'once', text: 'green, please' }]);
  expect((await chunksOf(turn)).map(({ type }) => type)).toEqual([
    'tool_call',
    'approval',
    'answer',
    'tool_result',
    'text',
  ]);
  expectAnswered(await records());
});

test('the asker of the process is asked, and may decline', async () => {
  const asked: AskRequest[] = [];
  const ask: SessionsConfig['ask'] = async (request) => {
    asked.push(request);
    return asked.length === 1 ? { allow: true, text: 'red' } : { allow: false, message: 'later' };
  };
  const { session, turn } = await asking(['which?', 'really?'], { ask });
  await turn.outcome();
  expect(asked).toMatchObject([{ question: { text: 'which?' } }, { question: { text: 'really?' } }]);
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toBe('Permission denied: later');
});

test.each<[string, Partial<SessionsConfig>, string, string]>([
  ['nobody is there', { onAsk: 'deny' }, 'done', 'nobody is there'],
  ['the asker knows only yes and no', { ask: async () => ({ allow: true }) }, 'done', 'nobody who can answer'],
  ['the turn is not to wait', { onAsk: 'fail' }, 'failed', 'nobody is there'],
])('where %s, the tool is told', async (_what, change, status, error) => {
  const { session, turn, records } = await asking(['which?'], change);
  expect(await turn.outcome()).toMatchObject({ status });
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toContain(error);
  expectAnswered(await records());
  expectLawful(await records());
});

test('a question that is none is refused', async () => {
  const { session, turn } = await asking([' ']);
  await turn.outcome();
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toMatch(/must be a text/);
});

test('a person may take longer than a call may: while they think, its time stands still', async () => {
  const { session, turn, clock } = await asking();
  await until(() => session.head.seq === 4);
  await clock.advance(50 * 60_000);
  const [ask] = await session.approvals();
  await session.answer(ask?.id ?? '', { text: 'blue' });
  await turn.outcome();
  expect((await session.getMessages())[1]?.toolResults?.[0]?.result).toBe('blue');
});

test('the time that a call takes by itself counts all the same', async () => {
  const { session, turn, clock } = await asking(
    ['which?'],
    {},
    {
      run: async (_input, { ask, signal }) => {
        await ask({ text: 'which?' });
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      },
    },
  );
  await until(() => session.head.seq === 4);
  await clock.advance(50 * 60_000);
  const [ask] = await session.approvals();
  await session.answer(ask?.id ?? '', { text: 'blue' });
  await settled(10);
  await clock.advance(14 * 60_000);
  expect(session.head.status).toBe('active');
  await clock.advance(2 * 60_000);
  await turn.outcome();
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toContain('longer than 900 s');
});

test('a tool that goes on without the answer leaves no question open', async () => {
  const stored = Promise.withResolvers<void>();
  const run: Tool['run'] = async (_input, { ask }) => {
    void ask({ text: 'which?' }).catch(() => undefined);
    await stored.promise;
    return 'never mind';
  };
  const { session, turn, records } = await asking(['which?'], {}, { run });
  await until(() => session.head.seq === 4);
  stored.resolve();
  await turn.outcome();
  expect(answersIn(await records())).toMatchObject([{ verdict: 'cancelled', by: 'engine' }]);
  expectAnswered(await records());
  expect(session.state.status).toBe('idle');
});

test('a tool that was left behind asks nobody: no question stands in the log behind the end of its turn', async () => {
  const goOn = Promise.withResolvers<void>();
  const late: unknown[] = [];
  const run: Tool['run'] = async (_input, { ask }) => {
    await goOn.promise;
    await ask({ text: 'late?' }).catch((error: unknown) => late.push(error));
  };
  const { clock, turn, records, session } = await asking([], {}, { run });
  await until(() => session.head.seq === 3);
  await clock.drive(turn.abort(), 2500);
  goOn.resolve();
  await until(() => late.length === 1);
  expect(late).toMatchObject([{ code: 'PERMISSION_DENIED' }]);
  await settled(6);
  expect(asksIn(await records())).toEqual([]);
  expectLawful(await records());
});

test.each(['safe', 'never'] as const)(
  'killed while a tool asks: a call that may run again (%s) finds its answers and its question',
  async (replay) => {
    const { session, storage, restart, survey, model, records } = await asking(
      ['one?', 'one?', 'two?'],
      {},
      { replay },
    );
    const answer = async (from: typeof session, text: string) => {
      await until(async () => (await from.approvals()).length > 0);
      const open = await from.approvals();
      await from.answer(open[0]?.id ?? '', { text });
    };
    await answer(session, 'first');
    await answer(session, 'second');
    await until(() => session.head.seq === 8);
    storage.crash();
    model.script.splice(0, Infinity, say('done'));
    const again = await restart({ tools: [survey] }).sessions.resume(session.id, { recover: 'continue' });
    if (replay === 'safe') await answer(again, 'third');
    await again.recovering?.outcome();
    const [result] = (await again.getMessages())[1]?.toolResults ?? [];
    if (replay === 'safe') expect(result?.result).toBe('first second third');
    else expect(result?.error).toContain('unknown');
    expect(asksIn(await records())).toHaveLength(3);
    expectAnswered(await records());
    expectLawful(await records());
  },
);

test('two equal questions at once are two questions', async () => {
  const { session, turn } = await asking(
    [],
    {},
    {
      run: async (_input, { ask }) => (await Promise.all([ask({ text: 'x?' }), ask({ text: 'x?' })])).join(' '),
    },
  );
  await until(() => session.head.seq === 5);
  for (const [n, { id }] of (await session.approvals()).entries()) await session.answer(id, { text: `${n}` });
  await turn.outcome();
  expect((await session.getMessages())[1]?.toolResults?.[0]?.result).toBe('0 1');
});
