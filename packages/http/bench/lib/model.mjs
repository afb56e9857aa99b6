/** A model that says as many words as it is asked for (`chunks=500 pace=5`), each with the time at which it was said. */
export const now = () => performance.timeOrigin + performance.now();

const INFO = {
  contextWindow: 1_000_000,
  maxOutputTokens: 100_000,
  from: 'user',
  capabilities: {
    rules: 'anthropic',
    temperature: true,
    tools: true,
    parallelTools: true,
    input: [],
    effort: [],
    cache: 'none',
    prefixBoundReasoning: false,
  },
};

/** The parts of an answer, one a read, as a provider's SDK gives them; the floor reads the same. */
export function words(asked) {
  const number = (name, otherwise) => Number(new RegExp(`${name}=(\\d+)`).exec(asked)?.[1] ?? otherwise);
  const [chunks, pace] = [number('chunks', 1), number('pace', 0)];
  const began = now();
  let said = 0;
  return new ReadableStream(
    {
      start: (out) => out.enqueue({ type: 'text-start', id: 't' }),
      async pull(out) {
        if (said < chunks) {
          said += 1;
          const wait = pace === 0 ? 0 : began + said * pace - now();
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
          return out.enqueue({ type: 'text-delta', id: 't', delta: `${now().toFixed(2)} ` });
        }
        out.enqueue({ type: 'text-end', id: 't' });
        out.enqueue({
          type: 'finish',
          finishReason: { unified: 'stop', raw: 'stop' },
          usage: {
            inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
            outputTokens: { total: chunks, text: chunks, reasoning: undefined },
          },
        });
        out.close();
      },
    },
    { highWaterMark: 0 },
  );
}

export const models = {
  resolve: async (name) => ({
    requested: name,
    name,
    info: INFO,
    model: {
      specificationVersion: 'v4',
      provider: 'bench',
      modelId: name,
      supportedUrls: {},
      doGenerate: () => Promise.reject(new Error('The engine only streams.')),
      doStream: async ({ prompt }) => ({ stream: words(JSON.stringify(prompt.at(-1))) }),
    },
  }),
};
