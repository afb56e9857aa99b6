import { jsonSchema, streamText, tool } from 'ai';
import type { ToolSet } from 'ai';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { anthropic, encodeEvent, google, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, Reply, WireEvent } from '@reprise/fake-provider';
import type { CustomTool, Session, Sessions } from '@reprise/core';
import { memoryStorage } from '@reprise/core';
import { createModels } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import { MODELS, environmentOf, sessionsOn } from './support.ts';

let fake: FakeProvider;
let sessions: Sessions;
const ran: unknown[] = [];

beforeAll(async () => {
  fake = await startFakeProvider();
  sessions = sessionsOn('/tmp', fake, { storage: memoryStorage(), report: () => undefined });
});
afterEach(() => {
  ran.length = 0;
});
afterAll(async () => {
  await sessions.close();
  await fake.close();
});

const PARAMETERS = { type: 'object', properties: { at: { type: 'string' } } } as const;
/** `look` wants its argument, `peek` takes none too. */
const SCHEMAS = { look: { ...PARAMETERS, required: ['at'] }, peek: PARAMETERS } as const;

async function begin(dialect: Dialect): Promise<Session> {
  const session = await sessions.create({ model: MODELS[dialect], tools: [] });
  const made = (name: keyof typeof SCHEMAS) => ({
    name,
    description: name,
    parameters: SCHEMAS[name] as CustomTool['parameters'] & object,
    handler: (params: unknown) => {
      ran.push({ tool: name, params });
      return 'seen';
    },
  });
  return session.registerTool(made('look')).registerTool(made('peek'));
}

const calls = [
  { id: 'call_a', name: 'look', input: { at: 'Grüße 🦊 {"x"}' } },
  { id: 'call_b', name: 'peek', input: {} },
];
/** The same as a tool sees them. */
const sent = calls.map(({ name, input }) => ({ tool: name, params: input }));
const text = 'Grüße 🦊, 世界!\n\n  Two  spaces.';
const usage = { input: 90, output: 60 };

/** The same things said in each dialect. */
const STREAMS: Record<Dialect, Record<string, readonly WireEvent[]>> = {
  anthropic: {
    text: anthropic.message({ text, usage: { ...usage, cacheRead: 40, cacheWrite: 7 } }),
    reasoning: anthropic.message({ thinking: 'Höm 🤔', redacted: 'cmVk', text, usage: { ...usage, thinking: 20 } }),
    calls: anthropic.message({ text: 'I look.', toolCalls: calls, usage }),
    'calls alone': anthropic.message({ toolCalls: calls, usage }),
    length: anthropic.message({ text, stop: 'max_tokens', usage }),
    'length, after a call': anthropic.message({ toolCalls: calls, stop: 'max_tokens', usage }),
    refusal: anthropic.message({ text: 'No.', stop: 'refusal', usage }),
    stopped: anthropic.message({ text, stop: 'stop_sequence', usage }),
    empty: anthropic.message({ usage }),
  },
  'openai-responses': {
    text: openaiResponses.message({ text, usage: { ...usage, cached: 40 } }),
    reasoning: openaiResponses.message({
      reasoning: { summary: ['Höm 🤔', 'So.'] },
      text,
      usage: { ...usage, reasoning: 20 },
    }),
    calls: openaiResponses.message({ text: 'I look.', toolCalls: calls, usage }),
    'calls alone': openaiResponses.message({ toolCalls: calls, usage }),
    length: openaiResponses.message({ text, status: 'incomplete', usage }),
    filtered: openaiResponses.message({ text, status: 'incomplete', reason: 'content_filter', usage }),
    empty: openaiResponses.message({ usage }),
  },
  'openai-chat': {
    text: openaiChat.message({ text, usage: { ...usage, cached: 40 } }),
    reasoning: openaiChat.message({ reasoning: 'Höm 🤔', text, usage: { ...usage, reasoning: 20 } }),
    calls: openaiChat.message({ text: 'I look.', toolCalls: calls, usage }),
    'calls alone': openaiChat.message({ toolCalls: calls, usage }),
    length: openaiChat.message({ text, stop: 'length', usage }),
    filtered: openaiChat.message({ text, stop: 'content_filter', usage }),
    'no usage': openaiChat.message({ text, usage: false }),
    empty: openaiChat.message({ usage }),
  },
  google: {
    text: google.message({ text, usage: { ...usage, cached: 40 } }),
    reasoning: google.message({ thinking: 'Höm 🤔', text, usage: { ...usage, thoughts: 20 } }),
    calls: google.message({ text: 'I look.', toolCalls: calls, usage }),
    'calls alone': google.message({ toolCalls: calls, usage }),
    length: google.message({ text, stop: 'MAX_TOKENS', usage }),
    filtered: google.message({ text, stop: 'SAFETY', usage }),
    'all in one event': google.message({ text, delta: 1000, usage }),
    empty: google.message({ usage }),
  },
};
const dialects = Object.keys(STREAMS) as Dialect[];
const cases = dialects.flatMap((dialect) => Object.keys(STREAMS[dialect]).map((name) => [dialect, name] as const));

interface Result {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly id: string; readonly tool: string; readonly params: unknown }[];
  readonly finishReason: string;
  readonly usage: object;
}

/** What the AI SDK's own loop makes of it. */
async function oracle(dialect: Dialect, reply: Reply): Promise<Result> {
  fake.script(dialect, reply);
  const { model } = await createModels({ env: environmentOf(fake), fetch: nodeFetch }).resolve(MODELS[dialect]);
  // The SDK's types don't fit themselves under exactOptionalPropertyTypes.
  const known = tool({ inputSchema: jsonSchema(PARAMETERS) }) as ToolSet[string];
  const result = streamText({
    model,
    prompt: 'Hi',
    tools: { look: known, peek: known },
    maxRetries: 0,
    onError: () => undefined,
  });
  await result.consumeStream();
  const used = await result.usage;
  return {
    text: await result.text,
    reasoning: (await result.reasoningText) ?? '',
    calls: (await result.toolCalls).map(({ toolCallId, toolName, input }) => ({
      id: toolCallId,
      tool: toolName,
      params: input,
    })),
    finishReason: await result.finishReason,
    usage: {
      input: used.inputTokens ?? 0,
      output: used.outputTokens ?? 0,
      cached: used.inputTokenDetails.cacheReadTokens ?? 0,
      ...(used.inputTokenDetails.cacheWriteTokens && { cacheWrite: used.inputTokenDetails.cacheWriteTokens }),
      reasoning: used.outputTokenDetails.reasoningTokens ?? 0,
      total: used.totalTokens ?? 0,
    },
  };
}

/** What the engine makes of it: its first answer, as it was stored. */
async function engine(dialect: Dialect, reply: Reply): Promise<Result> {
  fake.script(dialect, reply);
  fake.fallback(dialect, STREAMS[dialect]['text'] as readonly WireEvent[]);
  const session = await begin(dialect);
  const shown: string[] = [];
  const thought: string[] = [];
  const turn = session
    .turn('Hi')
    .on('text', ({ content }) => shown.push(content))
    .on('reasoning', ({ content }) => thought.push(content));
  expect(await turn.outcome()).toMatchObject({ status: 'done' });
  const [, first] = await session.getMessages();
  const { cost: _cost, ...counted } = first?.usage ?? { cost: 0 };
  expect(shown.join('').startsWith(first?.content ?? '')).toBe(true);
  return {
    text: first?.content ?? '',
    reasoning: thought.join(''),
    calls: first?.toolCalls ?? [],
    finishReason: first?.finishReason ?? '',
    usage: counted,
  };
}

/** Google gives its calls no ids, so each side makes its own. */
const comparable = (dialect: Dialect, { calls: found, ...rest }: Result) => ({
  ...rest,
  calls: found.map(({ id, ...call }) => (dialect === 'google' ? call : { id, ...call })),
});

describe('the same stream through streamText and through the engine', () => {
  test.each(cases)('%s: %s', async (dialect, name) => {
    const events = STREAMS[dialect][name] as readonly WireEvent[];
    const wanted = comparable(dialect, await oracle(dialect, { events }));
    expect(comparable(dialect, await engine(dialect, { events }))).toEqual(wanted);
    expect(wanted.reasoning.length > 0).toBe(name === 'reasoning');
    if (name === 'length, after a call') expect(ran).toEqual([]);
    if (name.startsWith('calls')) {
      expect(wanted.calls).toMatchObject(sent);
      expect(ran).toEqual(sent);
    }
  });

  test.each(dialects)('%s: cut inside every character of several bytes', async (dialect) => {
    for (const name of ['reasoning', 'calls'] as const) {
      const events = STREAMS[dialect][name] as readonly WireEvent[];
      const bytes = Buffer.concat(events.map((event) => Buffer.from(encodeEvent(event))));
      // What follows the first byte of a character.
      const cuts = [...bytes.keys()].filter((at) => ((bytes[at] ?? 0) & 0xc0) === 0x80);
      expect(cuts.length).toBeGreaterThan(4);
      const wanted = comparable(dialect, await oracle(dialect, { events }));
      expect(JSON.stringify(wanted)).toMatch(/🤔|🦊/u);
      expect(comparable(dialect, await engine(dialect, { events, cuts }))).toEqual(wanted);
    }
  });

  test.each(dialects)('%s: however the bytes are cut, with CRLF and comments in between', async (dialect) => {
    const names = Object.keys(STREAMS[dialect]);
    const plain = new Map<string, unknown>();
    for (const name of names) {
      const events = STREAMS[dialect][name] as readonly WireEvent[];
      plain.set(name, comparable(dialect, await oracle(dialect, { events })));
    }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.record({ seed: fc.nat(), longest: fc.constantFrom(1, 3, 17) }),
        fc.boolean(),
        fc.nat(3),
        fc.nat(30),
        async (name, cuts, crlf, comments, at) => {
          const events = STREAMS[dialect][name] as readonly WireEvent[];
          const fault = {
            afterEvents: at,
            send: crlf ? ': keep-alive\r\n\r\n' : ': keep-alive\n\n',
            then: 'resume' as const,
          };
          const found = await engine(dialect, { events, cuts, crlf, comments, fault });
          expect(comparable(dialect, found)).toEqual(plain.get(name));
        },
      ),
      { numRuns: 12, seed: 20_261_122 },
    );
  });
});

/** What a turn on a broken stream may come to; anything else is a fault of ours. */
async function survives(dialect: Dialect, reply: Reply, whole = true): Promise<void> {
  ran.length = 0;
  fake.script(dialect, reply);
  fake.fallback(dialect, STREAMS[dialect]['text'] as readonly WireEvent[]);
  const session = await begin(dialect);
  const { status, error, message } = await session.turn('Hi').outcome();
  if (status === 'done') expect(message).toBeDefined();
  else {
    expect(status).toBe('failed');
    expect(error?.code).toMatch(/^(NETWORK|PROVIDER|TIMEOUT|OVERLOADED)$/);
  }
  // No tool ran with less, or more, than what was sent for it.
  for (const one of ran) expect(sent).toContainEqual(one);
  for (const { role, content, finishReason, toolCalls = [], toolResults = [] } of await session.getMessages()) {
    expect(toolResults.map(({ id }) => id)).toEqual(toolCalls.map(({ id }) => id));
    // What counts as an answer is a whole one.
    if (whole && role === 'assistant' && finishReason !== 'interrupted') expect(['I look.', text]).toContain(content);
  }
  expect((await session.turn('And now?').outcome()).status).toBe('done');
}

const everything: Record<Dialect, readonly WireEvent[]> = {
  anthropic: anthropic.message({ thinking: 'Hm.', text, toolCalls: calls, delta: 1000 }),
  'openai-responses': openaiResponses.message({ reasoning: { summary: ['Hm.'] }, text, toolCalls: calls, delta: 1000 }),
  'openai-chat': openaiChat.message({ reasoning: 'Hm.', text, toolCalls: calls, delta: 1000 }),
  google: google.message({ thinking: 'Hm.', text, toolCalls: calls, delta: 1000 }),
};

describe.each(dialects)('broken streams: %s', (dialect) => {
  const events = STREAMS[dialect]['calls'] as readonly WireEvent[];

  test('cut at every event', async () => {
    for (let afterEvents = 0; afterEvents < events.length; afterEvents += 1) {
      await survives(dialect, { events, fault: { afterEvents } });
      await survives(dialect, { events, fault: { afterEvents, then: 'reset' } });
    }
  });

  test('an error at every event', async () => {
    const failures: Record<Dialect, WireEvent> = {
      anthropic: anthropic.error('overloaded_error', 'busy'),
      'openai-responses': openaiResponses.error('server_is_overloaded', 'busy'),
      'openai-chat': openaiChat.error('overloaded', 'busy'),
      google: google.error(503, 'UNAVAILABLE', 'busy'),
    };
    for (let afterEvents = 0; afterEvents < events.length; afterEvents += 1) {
      await survives(dialect, { events, fault: { afterEvents, send: [failures[dialect]] } });
      await survives(dialect, { events, fault: { afterEvents, send: 'data: {"half":\n\n' } });
    }
  });

  // Google sends arguments as an object, not as text.
  if (dialect !== 'google')
    test('arguments that are no JSON object: told to the model, never run', async () => {
      for (const json of ['{"at":', '[]', '"x"', '{"at":"x"}{"at":"x"}', 'null']) {
        const spec = { text: 'I look.', toolCalls: [{ id: 'call_b', name: 'peek', input: {}, json }] };
        const broken = { anthropic, 'openai-responses': openaiResponses, 'openai-chat': openaiChat, google }[dialect];
        await survives(dialect, { events: broken.message(spec) });
        expect(ran).toEqual([]);
      }
    });

  test('events that are repeated, missing or out of order', async () => {
    const all = everything[dialect];
    const place = fc.nat(all.length - 1);
    const change = fc.record({ how: fc.constantFrom('repeat', 'drop', 'swap', 'late'), at: place, to: place });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const broken = [...all];
        for (const { how, at, to } of changes) {
          const event = broken[at];
          if (event === undefined) continue;
          if (how === 'repeat') broken.splice(to, 0, event);
          else if (how === 'drop') broken.splice(at, 1);
          else if (how === 'late') broken.push(...broken.splice(at, 1));
          else [broken[at], broken[to]] = [broken[to] ?? event, event];
        }
        await survives(dialect, { events: broken }, false);
      }),
      { numRuns: 40, seed: 20_261_122 },
    );
  });
});
