/**
 * What the engine costs per delta of a stream, beside a bare loop over `doStream` and beside the AI SDK's `streamText`, on the same model: text
 * in small deltas from memory. The three take turns, so that a slow moment of the machine hits all of them.
 */
import { createSessions, memoryStorage } from '@reprise/core';
import { streamText } from 'ai';

const DELTAS = 20_000;
const [WARM_UPS, ROUNDS] = process.env.BENCH_SHORT ? [0, 1] : [2, 9];

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: DELTAS, text: DELTAS, reasoning: 0 },
};

const model = {
  specificationVersion: 'v4',
  provider: 'bench',
  modelId: 'deltas',
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error('not used')),
  doStream: async () => ({
    stream: new ReadableStream({
      start(controller) {
        controller.enqueue({ type: 'stream-start', warnings: [] });
        controller.enqueue({ type: 'text-start', id: '0' });
        for (let i = 0; i < DELTAS; i += 1) controller.enqueue({ type: 'text-delta', id: '0', delta: 'word ' });
        controller.enqueue({ type: 'text-end', id: '0' });
        controller.enqueue({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop' }, usage });
        controller.close();
      },
    }),
  }),
};

async function bare() {
  const { stream } = await model.doStream();
  const pieces = [];
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return pieces.join('').length;
    if (value.type === 'text-delta') pieces.push(value.delta);
  }
}

const sessions = createSessions({ storage: memoryStorage(), models: { resolve: async () => undefined } });

async function listening() {
  const session = await sessions.create({ model, tools: [], systemPrompt: '' });
  let length = 0;
  const turn = session.turn('go');
  turn.on('text', (chunk) => (length += chunk.content.length));
  await turn.outcome();
  return length;
}

async function iterating() {
  const session = await sessions.create({ model, tools: [], systemPrompt: '' });
  let length = 0;
  for await (const chunk of session.turn('go')) if (chunk.type === 'text') length += chunk.content.length;
  return length;
}

async function throughStreamText() {
  let length = 0;
  for await (const piece of streamText({ model, prompt: 'go' }).textStream) length += piece.length;
  return length;
}

const contestants = {
  'bare doStream loop': bare,
  'Reprise turn, listener': listening,
  'Reprise turn, iterator': iterating,
  'AI SDK streamText': throughStreamText,
};

export default async function measure() {
  const times = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(contestants)) {
      globalThis.gc?.();
      const start = performance.now();
      const length = await run();
      const elapsed = performance.now() - start;
      if (length !== DELTAS * 5) throw new Error(`${name} gave ${length} characters`);
      if (round >= 0) times[name].push((elapsed * 1000) / DELTAS);
    }
  }
  return Object.entries(times).map(([name, list]) => {
    const sorted = [...list].sort((a, b) => a - b);
    return {
      group: 'engine, per text delta',
      name,
      unit: 'µs',
      median: sorted[ROUNDS >> 1],
      min: sorted[0],
      max: sorted.at(-1),
      baseline: name === 'bare doStream loop',
    };
  });
}
