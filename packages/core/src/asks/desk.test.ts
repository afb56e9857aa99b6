import { expect, test } from 'vitest';
import { expectAnswered } from '../../test/support/asks.ts';
import { ManualClock, settled } from '../../test/support/clock.ts';
import { countingIds, resolverOf } from '../../test/support/stage.ts';
import { recordsOf } from '../../test/support/storage.ts';
import type { Asker } from '../contracts/tool.ts';
import type { LiveSession } from '../session/live.ts';
import { unborn } from '../session/live.ts';
import { runtimeOf } from '../session/runtime.ts';
import { memoryStorage } from '../storage/memory.ts';
import { TurnHandle } from '../turn/handle.ts';
import { unanswered } from '../turn/settle.ts';
import { forwardTo } from './consult.ts';
import type { Matter } from './desk.ts';
import { AskDesk } from './desk.ts';

const at = '2026-01-01T00:00:00.000Z';
const storage = memoryStorage();
const clock = new ManualClock();
const runtime = runtimeOf({ storage, models: resolverOf({}), clock, ids: countingIds() });

/** A session in the middle of the call `call`, and its desk; `within` runs with its lease. */
async function within<T>(id: string, asker: Asker | undefined, work: (desk: AskDesk, live: LiveSession) => Promise<T>) {
  const live = unborn(runtime, id, true);
  const handle = new TurnHandle('t', (error) => expect(error).toBeUndefined());
  return live.exclusive(async () => {
    await live.append([
      {
        type: 'session',
        format: 1,
        at,
        model: { requested: 'm', name: 'm' },
        system: [],
        tools: [],
        named: false,
        settings: {},
      },
      { type: 'message', id: 'm1', role: 'user', content: 'go', timestamp: at, turn: 't' },
      {
        type: 'step',
        id: 'm2',
        role: 'assistant',
        content: '',
        timestamp: at,
        turn: 't',
        toolCalls: [{ id: 'call', tool: 'task', params: {} }],
        finishReason: 'tool-calls',
      },
    ]);
    return work(new AskDesk({ runtime, live, handle, asker }), live);
  });
}

const matter = (session: string): Matter => ({
  session,
  call: 'call',
  tool: 'bash',
  named: false,
  input: { command: 'ls' },
  access: { effect: 'execute', command: 'ls' },
  cwd: '/',
  roots: ['/'],
  fingerprint: 'f',
});

test('a question of a sub-session of a sub-session reaches the root with the way it came; the answer is stored all the way', async () => {
  await within('root', undefined, async (root, rootLive) => {
    await within('child2', forwardTo(asWaiting(root), 'call', 'child2'), (child, childLive) =>
      within('leaf', forwardTo(child, 'call', 'leaf'), async (leaf, leafLive) => {
        const given = leaf.consult(matter('leaf'), new AbortController().signal);
        await settled(20);
        const [asked] = root.asks();
        expect(asked).toMatchObject({
          id: leaf.asks()[0]?.id,
          call: 'call',
          tool: 'bash',
          fingerprint: 'f',
          path: ['child2', 'leaf'],
          input: { command: 'ls' },
        });
        expect(child.asks()[0]).toMatchObject({ id: asked?.id, path: ['leaf'] });
        expect(leaf.asks()[0]?.path).toBeUndefined();
        await root.take(asked?.id ?? '', { verdict: 'always', by: 'Ada' });
        expect(await given).toMatchObject({ verdict: 'always', by: 'asker' });
        expect([rootLive, childLive, leafLive].map((live) => live.state.grants)).toEqual([['f'], ['f'], ['f']]);
        // What was allowed always in the root is allowed to the next sub-session too.
        expect(await root.consult(matter('other'), new AbortController().signal)).toMatchObject({ verdict: 'once' });
      }),
    );
  });
  for (const id of ['root', 'child2', 'leaf']) expectAnswered(await recordsOf(storage, id));
});

/** As `onAsk: 'wait'` would have it. */
function asWaiting(desk: AskDesk): AskDesk {
  Object.defineProperty(desk, 'onAsk', { value: 'wait' });
  return desk;
}

test('the same question, forwarded again by its id, is one question with one answer', async () => {
  await within('again', undefined, async (desk) => {
    const ask = forwardTo(asWaiting(desk), 'call', 'sub');
    const request = { ...matter('sub'), id: 'ask_x', expires: '2026-01-01T01:00:00.000Z' };
    const gone = new AbortController();
    void ask(request, gone.signal);
    await settled(5);
    expect(desk.asks()).toHaveLength(1);
    await desk.take('ask_x', { verdict: 'deny', message: 'no', by: 'Ada' });
    expect(await ask(request, new AbortController().signal)).toEqual({ allow: false, message: 'no' });
    expect(desk.asks()).toHaveLength(1);
  });
});

test('where nobody is there, or the turn is not to wait, a sub-session is told so; then the root turn has to end', async () => {
  await within('lonely', undefined, async (desk) => {
    const ask = forwardTo(desk, 'call', 'sub');
    const request = { ...matter('sub'), id: 'ask_y' };
    expect(await ask(request, new AbortController().signal)).toMatchObject({ allow: false });
    expect(desk.failure).toBeUndefined();
    Object.defineProperty(desk, 'onAsk', { value: 'fail' });
    expect(await ask(request, new AbortController().signal)).toMatchObject({ allow: false });
    expect(desk.failure).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(desk.asks()).toEqual([]);
  });
});

test('an answer for something else is not taken; what a call still asks is over with it', async () => {
  await within('other', undefined, async (desk, live) => {
    const [id = ''] = await desk.open([matter('other')]);
    const given = desk.answerTo(id, matter('other'), new AbortController().signal);
    expect(await desk.take(id, { verdict: 'once', by: 'x' }, 'g')).toBe('other');
    expect(await desk.take('ask_0', { verdict: 'once', by: 'x' }, 'f')).toBe('unknown');
    await desk.close('call');
    expect(await given).toMatchObject({ verdict: 'cancelled' });
    expect(await desk.take(id, { verdict: 'once', by: 'x' }, 'f')).toBe('answered');
    expect(live.state.open === undefined ? [] : unanswered(live.state.open, at)).toMatchObject([{ type: 'result' }]);
  });
});
