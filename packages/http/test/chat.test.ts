import { expect, test } from 'vitest';
import { stage } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

const said = (id: string, text: string) => ({ id, role: 'user', parts: [{ type: 'text', text }] });

function chat({ ask }: Stage, id: string, messages: readonly object[], more: object = {}): Promise<Response> {
  return ask('/v1/chat', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, messages, ...more }),
  });
}

const again = { trigger: 'regenerate-message' };
const anew = { messageId: 'm1' };

async function shown({ call }: Stage, id: string): Promise<string[]> {
  const { items } = (await call('GET', `/v1/sessions/${id}/messages`)).body;
  return items.map(({ content }: { content: string }) => content);
}

/** A chat that was answered, on a server whose only place another session has until it is let go. */
async function full() {
  const here = stage({ limits: { turns: 1, waiting: 0 } });
  const gate = Promise.withResolvers<void>();
  here.model.script.push(['first'], [gate.promise, 'other'], ['second']);
  const [id, other] = [await here.session(), await here.session()];
  await (await chat(here, id, [said('m1', 'question')])).text();
  const running = here.call('POST', `/v1/sessions/${other}/messages`, { content: 'hi' });
  await expect.poll(() => here.model.requests.length).toBe(2);
  return { here, id, running, letGo: gate.resolve };
}

test.each([
  ['answered anew', 'question', again],
  ['written anew', 'better question', anew],
])('what is to be %s is taken back once there is a place, and not where there is none', async (_, text, how) => {
  const { here, id, running, letGo } = await full();
  const refused = await chat(here, id, [said('m1', text)], how);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await shown(here, id)).toEqual(['question', 'first']);
  letGo();
  await running;
  await (await chat(here, id, [said('m1', text)], how)).text();
  expect(await shown(here, id)).toEqual([text, 'second']);
});

test('a server that stops takes nothing back', async () => {
  const { here, id, letGo } = await full();
  const closing = here.server.close();
  expect((await chat(here, id, [said('m1', 'question')], again)).status).toBe(503);
  expect(await shown(here, id)).toEqual(['question', 'first']);
  letGo();
  await closing;
});

test('while the answer is under way, to be answered anew waits for its end', async () => {
  const here = stage();
  const gate = Promise.withResolvers<void>();
  here.model.script.push([gate.promise, 'first'], ['second']);
  const id = await here.session();
  const first = await chat(here, id, [said('m1', 'question')]);
  const second = chat(here, id, [said('m1', 'question')], again);
  await expect.poll(async () => (await here.call('GET', '/v1/stats')).body.turns.waiting).toBe(1);
  gate.resolve();
  expect(await first.text()).toContain('first');
  expect(await (await second).text()).toContain('second');
  expect(await shown(here, id)).toEqual(['question', 'second']);
});

test('what nobody said is not answered anew, and its place is free again', async () => {
  const here = stage({ limits: { turns: 1 } });
  const id = await here.session();
  expect((await chat(here, id, [said('m1', 'question')], again)).status).toBe(409);
  here.model.script.push(['first']);
  await (await chat(here, id, [said('m1', 'question')])).text();
  expect(await shown(here, id)).toEqual(['question', 'first']);
});
