/**
 * A session in its own process that is asked, and asked again: `turns.mjs INDEX ROOT EFFECTS FIRST`. Each turn streams text, calls two tools
 * that leave a line in EFFECTS, and streams its answer. What it says was acknowledged by the engine before.
 */
import { randomUUID } from 'node:crypto';
import { appendFileSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createSessions } from '@reprise/core';

const [index, root, effects, first] = process.argv.slice(2);
const { fsStorage } = await import(pathToFileURL(index).href);
const say = (line) => writeSync(1, `${line}\n`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Streams in small pieces, as providers do. */
async function* spoken(text) {
  yield { type: 'text-start', id: 't' };
  for (let at = 0; at < text.length; at += 8) {
    await pause(1);
    yield { type: 'text-delta', id: 't', delta: text.slice(at, at + 8) };
  }
  yield { type: 'text-end', id: 't' };
}

async function* answer({ prompt }) {
  const last = prompt.at(-1);
  const call = () => ({ type: 'tool-call', toolCallId: randomUUID(), toolName: 'mark', input: '{}' });
  let reason = 'stop';
  yield { type: 'stream-start', warnings: [] };
  if (last.role === 'tool') yield* spoken(`Everything that was asked is done. ${'And more. '.repeat(12)}`);
  else {
    yield* spoken('I look at both of them first. ');
    yield call();
    yield call();
    reason = 'tool-calls';
  }
  const tokens = { total: 1, text: 1, noCache: 1 };
  yield {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: { inputTokens: tokens, outputTokens: tokens },
  };
}

const model = {
  specificationVersion: 'v4',
  provider: 'campaign',
  modelId: 'model',
  supportedUrls: {},
  doGenerate: () => Promise.reject(new Error('only streams')),
  doStream: async (options) => ({ stream: ReadableStream.from(answer(options)) }),
};
const capabilities = { rules: 'strictest', temperature: true, tools: true, parallelTools: true, cache: 'none' };
const info = {
  ...{ contextWindow: 1_000_000, maxOutputTokens: 1000, from: 'user' },
  capabilities: { ...capabilities, input: [], effort: [], prefixBoundReasoning: false },
};

const sessions = createSessions({
  storage: fsStorage({ root }),
  models: { resolve: async (name) => ({ requested: name, name, model, info }) },
  tools: [
    {
      name: 'mark',
      description: 'Leaves a mark.',
      input: { type: 'object' },
      replay: 'never',
      access: () => ({ effect: 'read' }),
      async run(_input, { call }) {
        appendFileSync(effects, `${call}\n`);
        await pause(3);
        return call;
      },
    },
  ],
  ids: (kind) => (kind === 'session' ? 'one' : `${kind}-${randomUUID()}`),
});

try {
  const start = performance.now();
  const there = (await sessions.list()).length > 0;
  const session = there ? await sessions.resume('one') : await sessions.create({ model: 'campaign/model' });
  for (let n = Number(first); ; n += 1) {
    say(`ask ${n}`);
    const { content } = await session.message(`ask ${n}`);
    if (n === Number(first)) say(`after ${Math.round(performance.now() - start)}`);
    say(`said ${n} ${content}`);
  }
} catch (error) {
  say(`stopped ${error.code} ${error.stack}`);
  process.exitCode = 1;
}
