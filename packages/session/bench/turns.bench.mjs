/**
 * What the engine takes of the processor: for a delta of an answer that comes over HTTP, beside a bare loop over `doStream`; for a delta of a
 * model in memory, beside the AI SDK's `streamText`; for a step with a tool. And what a thousand sessions take of one process.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createSessions, defineTool, memoryStorage } from '@reprise/core';
import { createModels } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import { streamText } from 'ai';
import { compare, rowsOf } from './lib/cpu.mjs';

const SIZES = process.env.BENCH_SHORT ? [1000] : [1000, 100_000];
const SESSIONS = process.env.BENCH_SHORT ? 100 : 1000;

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};
const finish = (unified) => ({ type: 'finish', finishReason: { unified, raw: unified }, usage });

/** A model in memory: `parts` of the call, by its number. */
const memoryModel = (parts) => ({
  specificationVersion: 'v4',
  provider: 'bench',
  modelId: 'memory',
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error('not used')),
  doStream: async ({ prompt }) => ({
    stream: new ReadableStream({
      async start(controller) {
        await parts(controller, prompt);
        controller.close();
      },
    }),
  }),
});

const talker = (deltas) =>
  memoryModel((controller) => {
    controller.enqueue({ type: 'text-start', id: '0' });
    for (let i = 0; i < deltas; i += 1) controller.enqueue({ type: 'text-delta', id: '0', delta: 'word ' });
    controller.enqueue({ type: 'text-end', id: '0' });
    controller.enqueue(finish('stop'));
  });

const nobody = { resolve: () => Promise.reject(new Error('no names here')) };
const sessions = createSessions({ storage: memoryStorage(), models: nobody });

async function bare(model, deltas) {
  const { stream } = await model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'go' }] }] });
  const pieces = [];
  for await (const part of stream) if (part.type === 'text-delta') pieces.push(part.delta);
  expectLength(pieces.join(''), deltas);
}

const begin = (model, doors = sessions) => doors.create({ model, tools: [], systemPrompt: '' });

async function turn(session, deltas) {
  let length = 0;
  const outcome = await session
    .turn('go')
    .on('text', ({ content }) => (length += content.length))
    .outcome();
  expectLength(outcome.message?.content ?? '', deltas);
  if (length !== deltas * 5) throw new Error(`${length} characters were shown`);
}

async function throughStreamText(model, deltas) {
  const pieces = [];
  for await (const piece of streamText({ model, prompt: 'go' }).textStream) pieces.push(piece);
  expectLength(pieces.join(''), deltas);
}

function expectLength(text, deltas) {
  if (text.length !== deltas * 5) throw new Error(`${text.length} characters in place of ${deltas * 5}`);
}

/** What is begun for each run is begun before it is measured. */
const ready = (times, run, begun) => ({
  prepare: async () => Array.from({ length: times }, () => begun()),
  run: async (given) => {
    for (const one of given) await run(await one);
  },
});

async function overHttp() {
  const server = fork(join(import.meta.dirname, 'lib/sse-server.mjs'));
  try {
    const url = await new Promise((resolve) => server.once('message', resolve));
    const rows = [];
    for (const deltas of SIZES) {
      const env = { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: `${url}/${deltas}` };
      const { model } = await createModels({ env, fetch: nodeFetch }).resolve('anthropic/claude-sonnet-4-5');
      const times = deltas === 1000 ? 30 : 1;
      const contestants = {
        'bare doStream loop': ready(
          times,
          (one) => bare(one, deltas),
          () => model,
        ),
        'Reprise turn': ready(
          times,
          (session) => turn(session, deltas),
          () => begin(model),
        ),
      };
      const costs = await compare(contestants, { rounds: 9, units: deltas * times });
      rows.push(...rowsOf(`over HTTP, ${deltas} deltas: CPU per delta`, 'µs', costs));
    }
    return rows;
  } finally {
    server.disconnect();
  }
}

async function inMemory() {
  const rows = [];
  for (const deltas of SIZES) {
    const model = talker(deltas);
    // Many: the collection before each run throws compiled code away, and a short run would measure its compilation.
    const times = deltas === 1000 ? 100 : 1;
    const contestants = {
      'Reprise turn': ready(
        times,
        (session) => turn(session, deltas),
        () => begin(model),
      ),
      'bare doStream loop': ready(
        times,
        (one) => bare(one, deltas),
        () => model,
      ),
      'AI SDK streamText': ready(
        times,
        (one) => throughStreamText(one, deltas),
        () => model,
      ),
    };
    const costs = await compare(contestants, { rounds: 7, units: deltas * times });
    rows.push(...rowsOf(`in memory, ${deltas} deltas: CPU per delta`, 'µs', costs));
  }
  return rows;
}

/** A turn of so many steps, each with one call of a tool that does nothing. */
async function perStep() {
  const STEPS = 40;
  const model = memoryModel((controller, prompt) => {
    const done = prompt.filter(({ role }) => role === 'tool').length;
    if (done < STEPS)
      controller.enqueue({ type: 'tool-call', toolCallId: `c${done}`, toolName: 'tick', input: `{"n":${done}}` });
    else controller.enqueue({ type: 'text-delta', id: '0', delta: 'done.' });
    controller.enqueue(finish(done < STEPS ? 'tool-calls' : 'stop'));
  });
  const tick = defineTool({
    name: 'tick',
    description: 'Ticks.',
    input: { type: 'object', properties: { n: { type: 'number' } } },
    replay: 'safe',
    access: () => ({ effect: 'none' }),
    run: async ({ n }) => `tick ${n}`,
  });
  const doors = createSessions({ storage: memoryStorage(), models: nobody, tools: [tick] });
  const run = async (session) => {
    const outcome = await session.turn('go').outcome();
    if (outcome.steps !== STEPS + 1) throw new Error(`${outcome.steps} steps`);
  };
  const contestant = ready(10, run, () => doors.create({ model, tools: ['tick'], systemPrompt: '' }));
  const name = 'step with a call, 20 steps back on average';
  const costs = await compare({ [name]: contestant }, { rounds: 9, units: 10 * (STEPS + 1) });
  return rowsOf('fixed cost of a step: CPU', 'µs', costs);
}

/** A thousand sessions at once: how late timers are while all of them stream, and what they keep when they are idle. */
async function crowd() {
  const DELTAS = 100;
  // As a network gives them: each session's parts come one after the other, between those of the others.
  const model = memoryModel(async (controller) => {
    controller.enqueue({ type: 'text-start', id: '0' });
    for (let i = 0; i < DELTAS; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.enqueue({ type: 'text-delta', id: '0', delta: 'word ' });
    }
    controller.enqueue({ type: 'text-end', id: '0' });
    controller.enqueue(finish('stop'));
  });
  const doors = createSessions({ storage: memoryStorage(), models: nobody });
  const open = await Promise.all(Array.from({ length: SESSIONS }, () => begin(model, doors)));
  await turn(open[0], DELTAS);
  const lag = monitorEventLoopDelay({ resolution: 1 });
  lag.enable();
  await Promise.all(open.map((session) => turn(session, DELTAS)));
  lag.disable();
  // What the code, the heap and a thousand turns at once take is taken by now: what three thousand more sessions add is theirs.
  const before = resident();
  for (let batch = 0; batch < 60; batch += 1) {
    const fifty = await Promise.all(Array.from({ length: 50 }, () => begin(talker(DELTAS), doors)));
    await Promise.all(fifty.map((session) => turn(session, DELTAS)));
    open.push(...fifty);
  }
  const after = resident();
  const each = (key) => Math.max(0, (after[key] - before[key]) / 3000 - DELTAS * 5) / 1000;
  const row = (group, name, unit, value) => ({ group, name, unit, median: value, min: value, max: value });
  return [
    row('an idle session, without its messages', 'resident memory', 'kB', each('rss')),
    row('an idle session, without its messages', 'heap', 'kB', each('heapUsed')),
    row(`${SESSIONS} sessions stream at once`, 'event-loop delay, p99', 'ms', lag.percentile(99) / 1e6),
  ];
}

function resident() {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage();
}

export default async () => [...(await crowd()), ...(await overHttp()), ...(await inMemory()), ...(await perStep())];
