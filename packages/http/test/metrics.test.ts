import { setTimeout as sleep } from 'node:timers/promises';
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { Turn } from '@reprise/core';
import { toolCall } from '@reprise/fake-provider';
import { Metrics } from '../src/metrics/metrics.ts';
import { eventLoopLag } from '../src/node/index.ts';
import { ROUTES } from '../src/routes/all.ts';
import { AGENT } from './support/agent.ts';
import { TOKEN, stage } from './support/stage.ts';

/** What Prometheus would read: the value of each series. */
function seriesOf(text: string): Record<string, number> {
  const series: Record<string, number> = {};
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', value] =
      /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})?) (-?[\d.e+-]+)$/.exec(line) ?? [];
    expect([line, name]).not.toEqual([line, '']);
    series[name] = Number(value);
  }
  return series;
}

async function scraped({ ask }: Pick<ReturnType<typeof stage>, 'ask'>): Promise<Record<string, number>> {
  const answer = await ask('/metrics');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return seriesOf(await answer.text());
}

test('requests, turns, tokens and retries are counted', async () => {
  const there = stage({ lag: () => 0.25 });
  const { call, session, model, ask } = there;
  model.script.push(['Hel', new Error('broken'), 'lo'], ['Hello.']);
  const id = await session();
  await call('POST', `/v1/sessions/${id}/messages`, { content: 'hello' });
  await ask('/v1/sessions', { headers: { authorization: 'Bearer wrong-token-0123456789' } });
  await ask('/v1/nothing');
  const seen = await scraped(there);
  expect(seen).toMatchObject({
    'reprise_http_requests_total{operation="createSession",method="POST",status="201"}': 1,
    'reprise_http_requests_total{operation="sendMessage",method="POST",status="200"}': 1,
    'reprise_http_requests_total{operation="listSessions",method="GET",status="401"}': 1,
    'reprise_http_requests_total{operation="none",method="GET",status="404"}': 1,
    'reprise_http_request_duration_seconds_count{operation="createSession"}': 1,
    'reprise_turns_total{status="done"}': 1,
    'reprise_tokens_total{kind="input"}': 10,
    'reprise_tokens_total{kind="output"}': 5,
    reprise_model_retries_total: 1,
    'reprise_turns{state="running"}': 0,
    'reprise_turns{state="waiting"}': 0,
    reprise_streams: 0,
    reprise_sessions_open: 1,
    reprise_event_loop_lag_seconds: 0.25,
  });
});

test('a message that was refused is no turn that failed; one whose model refuses is', async () => {
  const there = stage({}, { retry: { attempts: 1 } });
  const { call, session, model } = there;
  const id = await session();
  for (const body of [
    { content: ' ' },
    { content: 'x', model: 'no/model' },
    { content: 'x', output: { type: 'string' } },
  ])
    expect((await call('POST', `/v1/sessions/${id}/messages`, body)).status).toBeGreaterThan(399);
  expect(Object.keys(await scraped(there)).filter((name) => name.startsWith('reprise_turns_total'))).toEqual([]);
  model.script.push([Object.assign(new Error('no'), { statusCode: 401 })]);
  expect((await call('POST', `/v1/sessions/${id}/messages`, { content: 'x' })).body.code).toBe('AUTH');
  expect(await scraped(there)).toMatchObject({ 'reprise_turns_total{status="failed"}': 1 });
});

test('what runs, waits and is followed shows', async () => {
  const there = stage({ limits: { turns: 1 } });
  const { ask, call, session, model } = there;
  const gate = Promise.withResolvers<void>();
  model.script.push(['a', gate.promise], ['b']);
  const [one, two] = [await session(), await session()];
  const first = call('POST', `/v1/sessions/${one}/messages`, { content: 'hello' });
  await expect.poll(async () => (await scraped(there))['reprise_turns{state="running"}']).toBe(1);
  const second = call('POST', `/v1/sessions/${two}/messages`, { content: 'hello' });
  await expect.poll(async () => (await scraped(there))['reprise_turns{state="waiting"}']).toBe(1);
  const stream = await ask(`/v1/sessions/${one}/events`);
  expect(await scraped(there)).toMatchObject({ reprise_streams: 1, reprise_sessions_open: 2 });
  await stream.body?.cancel();
  gate.resolve();
  await Promise.all([first, second]);
  expect(await scraped(there)).toMatchObject({ reprise_streams: 0, 'reprise_turns_total{status="done"}': 2 });
});

test('buckets hold what is at most their bound', () => {
  const metrics = new Metrics();
  for (const ms of [5, 6, 100, 20_000]) metrics.answered({ operation: 'x', method: 'GET', status: 200, ms });
  const seen = seriesOf(metrics.text({ sessions: 0, running: 0, waiting: 0, streams: 0, lag: undefined }));
  const bucket = (le: string) => seen[`reprise_http_request_duration_seconds_bucket{operation="x",le="${le}"}`];
  expect(['0.005', '0.01', '0.1', '10', '+Inf'].map(bucket)).toEqual([1, 2, 3, 3, 4]);
  expect(seen['reprise_http_request_duration_seconds_sum{operation="x"}']).toBeCloseTo(20.111);
  expect(Object.keys(seen)).not.toContain('reprise_event_loop_lag_seconds');
});

test('tool calls are counted by tools that the server knows, and by how they went; what joined another turn is counted there', () => {
  const metrics = new Metrics(['read', 'write']);
  const end = { status: 'done', usage: { input: 1, output: 2, cached: 0, reasoning: 0 } };
  const run = (joins: boolean): void => {
    const turn = new EventEmitter();
    metrics.watch(turn as unknown as Turn);
    if (joins) turn.emit('joined', { turn: 'other', seq: 1 });
    for (const tool of ['read', 'read', 'made-up', 'invented']) turn.emit('tool_result', { tool, result: 1 });
    turn.emit('tool_result', { tool: 'write', result: null, error: 'no' });
    turn.emit('end', end);
  };
  run(false);
  run(true);
  const seen = seriesOf(metrics.text({ sessions: 0, running: 0, waiting: 0, streams: 0, lag: undefined }));
  expect(seen).toMatchObject({
    'reprise_tool_calls_total{tool="read",outcome="ok"}': 2,
    'reprise_tool_calls_total{tool="other",outcome="ok"}': 2,
    'reprise_tool_calls_total{tool="write",outcome="error"}': 1,
    'reprise_turns_total{status="done"}': 1,
    'reprise_tokens_total{kind="output"}': 2,
  });
});

test('what sub-sessions do is counted too, and their ends apart', async () => {
  const there = stage({ tools: [AGENT] }, { tools: [AGENT] });
  const { call, session, model } = there;
  model.script.push([toolCall('c1', 'agent', { prompt: 'Do it.' })], [toolCall('c2', 'agent', { prompt: 'Deeper.' })]);
  model.script.push(['De', new Error('broken')], ['Deep.'], ['Middle.'], ['Done.']);
  await call('POST', `/v1/sessions/${await session()}/messages`, { content: 'hello' });
  expect(await scraped(there)).toMatchObject({
    'reprise_turns_total{status="done"}': 1,
    'reprise_sub_sessions_total{status="done"}': 2,
    'reprise_tokens_total{kind="input"}': 50,
    'reprise_tokens_total{kind="output"}': 25,
    'reprise_tool_calls_total{tool="agent",outcome="ok"}': 2,
    reprise_model_retries_total: 1,
  });
});

test('nothing that a request or a model names becomes a label', async () => {
  const there = stage();
  const { ask } = there;
  for (let i = 0; i < 20; i += 1) {
    await ask(`/v1/sessions/s${i}`);
    await ask(`/v1/x${i}`, { method: `ODD${i}` });
    await ask('/v1/sessions', { headers: { host: `h${i}.example` } });
  }
  const names = Object.keys(await scraped(there)).filter((name) => name.startsWith('reprise_http_requests_total'));
  expect(names.length).toBeLessThan(6);
});

test('only those who may read all see it', async () => {
  const owner = 'token-of-owner-0123456789';
  const { ask } = stage({
    tokens: [
      { name: 'all', token: TOKEN, scopes: ['read'] },
      { name: 'owner', token: owner, owns: true },
    ],
  });
  expect((await ask('/metrics')).status).toBe(200);
  expect((await ask('/metrics', { headers: { authorization: '' } })).status).toBe(401);
  expect((await ask('/metrics', { headers: { authorization: `Bearer ${owner}` } })).status).toBe(403);
  expect(ROUTES.find(({ id }) => id === 'getMetrics')?.scope).toBe('read');
});

test('the lag of the event loop is the worst since the last look', async () => {
  const lag = eventLoopLag();
  await sleep(60);
  lag();
  await sleep(60);
  const until = performance.now() + 150;
  while (performance.now() < until);
  await sleep(60);
  expect(lag()).toBeGreaterThan(0.08);
  await sleep(60);
  expect(lag()).toBeLessThan(0.08);
});
