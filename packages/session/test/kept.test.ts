import { describe, expect, test } from 'vitest';
import {
  anthropic,
  google,
  openaiChat,
  openaiResponses,
  startFakeProvider,
  validateRequest,
} from '@reprise/fake-provider';
import type { Dialect, WireEvent } from '@reprise/fake-provider';
import type { Session } from '@reprise/core';
import { MODELS, sessionsOn, stageForEach } from './support.ts';

const stage = stageForEach();

const look = { name: 'look', description: 'Looks.', handler: ({ at }: { at: string }) => `seen ${at}` };

async function begin(model: string): Promise<Session> {
  const session = await stage.sessions.create({ model, tools: [] });
  return session.registerTool({ ...look, parameters: { type: 'object', properties: { at: { type: 'string' } } } });
}

/** The same session in a new process: nothing but the folder is left. */
async function restarted(id: string, model?: string): Promise<Session> {
  await stage.restart();
  const session = await stage.sessions.resume(id, model === undefined ? {} : { model });
  return session.registerTool({ ...look, parameters: { type: 'object', properties: { at: { type: 'string' } } } });
}

const last = (): any => stage.fake.requests.at(-1)?.json;
const parallel = [
  { id: 'call_a', name: 'look', input: { at: 'ä' } },
  { id: 'call_b', name: 'look', input: { at: 'b' } },
];

describe('Anthropic', () => {
  const blocks = [
    { type: 'thinking', thinking: 'First I think.\n', signature: 'c2lnbmF0dXJlLTE=' },
    { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
    { type: 'text', text: 'I look twice. ' },
    { type: 'tool_use', id: 'toolu_a', name: 'look', input: { at: 'ä' } },
    { type: 'tool_use', id: 'toolu_b', name: 'look', input: {} },
  ] as const;
  /** A block as it must come back, whatever cache marks it carries. */
  const bare = ({ cache_control: _, ...block }: Record<string, unknown>) => block;

  test('thinking with its signature, redacted thinking and parallel calls come back over several steps, and after a restart', async () => {
    const again = { ...blocks[3], id: 'toolu_c' };
    stage.fake.script(
      'anthropic',
      anthropic.message({ blocks: [...blocks] }),
      anthropic.message({ blocks: [{ type: 'thinking', thinking: 'Once more.' }, again] }),
      anthropic.message({ thinking: 'Enough.', text: 'Seen.' }),
    );
    const session = await begin(MODELS.anthropic);
    expect((await session.message('Look')).content).toBe('Seen.');
    const assistant = (message: any) => message.content.map(bare);
    expect(
      last()
        .messages.map((message: any) => message.role)
        .join(),
    ).toBe('user,assistant,user,assistant,user');
    expect(assistant(last().messages[1])).toEqual(blocks);
    expect(assistant(last().messages[3])).toEqual([
      { type: 'thinking', thinking: 'Once more.', signature: anthropic.signatureOf('Once more.') },
      again,
    ]);
    expect(last().messages[2].content).toMatchObject([
      { type: 'tool_result', tool_use_id: 'toolu_a', content: 'seen ä' },
      { type: 'tool_result', tool_use_id: 'toolu_b' },
    ]);
    const before = last().messages;

    stage.fake.script('anthropic', anthropic.message({ text: 'Yes.' }));
    await (await restarted(session.id)).message('Really?');
    expect(last().messages.slice(0, before.length).map(assistant)).toEqual(before.map(assistant));
    expect(assistant(last().messages[5])).toEqual([
      { type: 'thinking', thinking: 'Enough.', signature: anthropic.signatureOf('Enough.') },
      { type: 'text', text: 'Seen.' },
    ]);
  });

  test('a tool that the provider ran comes back with its result', async () => {
    const served = { type: 'server_tool_use' as const, id: 'srvtoolu_1', name: 'web_search', input: { query: 'news' } };
    const found = {
      type: 'web_search_tool_result' as const,
      tool_use_id: 'srvtoolu_1',
      content: [
        { type: 'web_search_result', url: 'http://a.test/', title: 'A', encrypted_content: 'ZW5j', page_age: null },
      ],
    };
    stage.fake.script(
      'anthropic',
      anthropic.message({ blocks: [served, found, { type: 'text', text: 'There is news.' }] }),
    );
    const session = await begin(MODELS.anthropic);
    const message = await session.message('Search');
    expect(message.content).toBe('There is news.');
    expect(message.toolCalls).toBeUndefined();

    stage.fake.script('anthropic', anthropic.message({ text: 'Yes.' }));
    await (await restarted(session.id)).message('Really?');
    expect(last().messages[1].content.map(bare)).toEqual([served, found, { type: 'text', text: 'There is news.' }]);
  });

  test('a paused answer is sent back as it is and goes on', async () => {
    const events = anthropic.message({ thinking: 'Wait.', text: 'So far. ', stop: 'pause_turn' });
    const lenient = await startFakeProvider();
    try {
      const there = sessionsOn(stage.folder, lenient);
      lenient.script('anthropic', events, anthropic.message({ text: 'Done.' }));
      const session = await there.create({ model: MODELS.anthropic, tools: [] });
      expect((await session.message('Go')).content).toBe('Done.');
      expect(lenient.requests[1]?.json.messages.at(-1)).toMatchObject({
        role: 'assistant',
        content: [{ type: 'thinking', signature: anthropic.signatureOf('Wait.') }, { type: 'text' }],
      });
      await there.close();
    } finally {
      await lenient.close();
    }
  });
});

describe('OpenAI responses', () => {
  test('reasoning items come back: id, the last encrypted content, every summary part', async () => {
    const reasoning = { id: 'rs_1', summary: ['First part.', 'Second part.'], encrypted: 'ZW5jcnlwdGVkLWxhc3Q=' };
    const bare = { id: 'rs_2', summary: [], encrypted: 'bm8gc3VtbWFyeQ==' };
    stage.fake.script(
      'openai-responses',
      openaiResponses.message({ reasoning, text: 'I look twice.', toolCalls: parallel }),
      openaiResponses.message({ reasoning: bare, toolCalls: [{ id: 'call_c', name: 'look', input: {} }] }),
      openaiResponses.message({ text: 'Seen.' }),
    );
    const session = await begin(MODELS['openai-responses']);
    expect((await session.message('Look')).content).toBe('Seen.');
    const summary = reasoning.summary.map((text) => ({ type: 'summary_text', text }));
    const expected = [
      { type: 'reasoning', id: 'rs_1', encrypted_content: reasoning.encrypted, summary },
      { role: 'assistant' },
      { type: 'function_call', call_id: 'call_a', name: 'look', arguments: '{"at":"ä"}' },
      { type: 'function_call', call_id: 'call_b', name: 'look', arguments: '{"at":"b"}' },
      { type: 'function_call_output', call_id: 'call_a', output: 'seen ä' },
      { type: 'function_call_output', call_id: 'call_b', output: 'seen b' },
      { type: 'reasoning', id: 'rs_2', encrypted_content: bare.encrypted, summary: [] },
      { type: 'function_call', call_id: 'call_c', name: 'look', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_c' },
    ];
    const items = () => last().input.filter((item: any) => !['user', 'developer', 'system'].includes(item.role));
    expect(items()).toMatchObject(expected);
    expect(last()).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });

    stage.fake.script('openai-responses', openaiResponses.message({ text: 'Yes.' }));
    await (await restarted(session.id)).message('Really?');
    expect(items()).toMatchObject([...expected, { role: 'assistant' }]);
  });
});

describe('OpenAI chat, a compatible server', () => {
  test('reasoning and parallel calls come back', async () => {
    stage.fake.script(
      'openai-chat',
      openaiChat.message({ reasoning: 'Hm.', text: 'I look.', toolCalls: parallel }),
      openaiChat.message({ text: 'Seen.' }),
      openaiChat.message({ text: 'Yes.' }),
    );
    const session = await begin(MODELS['openai-chat']);
    await session.message('Look');
    await (await restarted(session.id)).message('Really?');
    expect(last().messages.slice(2)).toMatchObject([
      {
        role: 'assistant',
        content: 'I look.',
        reasoning_content: 'Hm.',
        tool_calls: [
          { id: 'call_a', function: { name: 'look', arguments: '{"at":"ä"}' } },
          { id: 'call_b', function: { name: 'look', arguments: '{"at":"b"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_a', content: 'seen ä' },
      { role: 'tool', tool_call_id: 'call_b', content: 'seen b' },
      { role: 'assistant', content: 'Seen.' },
      { role: 'user', content: 'Really?' },
    ]);
  });
});

describe('Google', () => {
  test('thought signatures come back: on the first of parallel calls', async () => {
    stage.fake.script(
      'google',
      google.message({ thinking: 'Hm.', text: 'I look.', toolCalls: parallel, signature: 'c2lnLTE=' }),
      google.message({ toolCalls: [{ name: 'look', input: { at: 'c' } }], signature: 'c2lnLTI=' }),
      google.message({ text: 'Seen.' }),
      google.message({ text: 'Yes.' }),
    );
    const session = await begin('google/gemini-4-argon');
    await session.message('Look');
    await (await restarted(session.id, 'google/gemini-4-argon')).message('Really?');
    const calls = last().contents.flatMap(({ parts }: any) => parts.filter((part: any) => part.functionCall));
    expect(calls).toMatchObject([
      { functionCall: { name: 'look', args: { at: 'ä' } }, thoughtSignature: 'c2lnLTE=' },
      { functionCall: { name: 'look', args: { at: 'b' } } },
      { functionCall: { name: 'look', args: { at: 'c' } }, thoughtSignature: 'c2lnLTI=' },
    ]);
    expect('thoughtSignature' in calls[1]).toBe(false);
  });

  test('a file that it made comes back', async () => {
    const [only] = google.message({ text: 'Here.', delta: 100 });
    const data = structuredClone((only as WireEvent).data) as any;
    const image = { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' }, thoughtSignature: 'c2ln' };
    data.candidates[0].content.parts.push(image);
    stage.fake.script('google', [{ data }], google.message({ text: 'Yes.' }));
    const session = await begin(MODELS.google);
    await session.message('Draw');
    await (await restarted(session.id)).message('Brighter');
    expect(last().contents[1]).toEqual({ role: 'model', parts: [{ text: 'Here.' }, image] });
  });

  test('and on text, also on an empty one that comes last', async () => {
    const [whole] = google.message({ text: 'Seen.', delta: 100 });
    const part = (more: object): WireEvent => {
      const data = structuredClone((whole as WireEvent).data) as any;
      Object.assign(data.candidates[0].content.parts[0], more);
      return { data };
    };
    const first = part({});
    delete (first.data as any).candidates[0].finishReason;
    stage.fake.script(
      'google',
      [first, part({ text: '', thoughtSignature: 'ZW5k' })],
      [part({ text: 'Signed.', thoughtSignature: 'dGV4dA==' })],
      google.message({ text: 'Yes.' }),
    );
    const session = await begin(MODELS.google);
    await session.message('Look');
    await session.message('Sign');
    await (await restarted(session.id)).message('Really?');
    const said = last()
      .contents.filter(({ role }: any) => role === 'model')
      .map(({ parts }: any) => parts);
    expect(said[0].map(({ text }: any) => text).join('')).toBe('Seen.');
    expect(said[0].map(({ thoughtSignature }: any) => thoughtSignature).filter(Boolean)).toEqual(['ZW5k']);
    expect(said[1]).toEqual([{ text: 'Signed.', thoughtSignature: 'dGV4dA==' }]);
  });
});

/** One turn of each dialect that carries all it can: reasoning, text and parallel calls, then an answer. */
const turns: Record<Dialect, () => readonly (readonly WireEvent[])[]> = {
  anthropic: () => [
    anthropic.message({ thinking: 'Hm.', redacted: 'cmVk', text: 'I look.', toolCalls: parallel }),
    anthropic.message({ thinking: 'So.', text: 'Seen.' }),
  ],
  'openai-responses': () => [
    openaiResponses.message({ reasoning: { summary: ['Hm.'] }, text: 'I look.', toolCalls: parallel }),
    openaiResponses.message({ reasoning: { summary: [] }, text: 'Seen.' }),
  ],
  'openai-chat': () => [
    openaiChat.message({ reasoning: 'Hm.', text: 'I look.', toolCalls: parallel }),
    openaiChat.message({ reasoning: 'So.', text: 'Seen.' }),
  ],
  google: () => [
    google.message({ thinking: 'Hm.', text: 'I look.', toolCalls: parallel }),
    google.message({ thinking: 'So.', text: 'Seen.' }),
  ],
};
const dialects = Object.keys(turns) as Dialect[];
/** What belongs to one provider alone. */
const OPAQUE = /signature|redacted|encrypted_content|reasoning_content|rs_|"thought"|call_id":"toolu/i;

describe('another model on the same session', () => {
  const pairs = dialects.flatMap((from) => dialects.flatMap((to) => (from === to ? [] : [[from, to] as const])));
  test.each(pairs)('%s → %s and back', async (from, to) => {
    const session = await begin(MODELS[from]);
    stage.fake.script(from, ...turns[from]());
    await session.message('Look');
    const there = await restarted(session.id, MODELS[to]);
    stage.fake.script(to, ...turns[to]());
    const at = stage.fake.requests.length;
    await there.message('And you?');
    // Not even a trace of the other provider's own parts, and everything that was said and seen.
    const [first] = stage.fake.requests.slice(at);
    expect(first?.dialect).toBe(to);
    const sent = JSON.stringify(first?.json.messages ?? first?.json.contents ?? first?.json.input);
    expect(sent.replaceAll('skip_thought_signature_validator', '').replaceAll('"thoughtSignature":""', '')).not.toMatch(
      OPAQUE,
    );
    for (const text of ['Look', 'I look.', 'seen ä', 'seen b', 'Seen.', 'And you?']) expect(sent).toContain(text);

    const back = await restarted(session.id, MODELS[from]);
    stage.fake.script(from, ...turns[from]());
    await back.message('You again');
    expect(stage.fake.requests).toHaveLength(6);
    // What was its own at the first time is its own again.
    const own = stage.fake.requests.filter(({ dialect }) => dialect === from);
    const opaque = (json: any): string[] =>
      [
        ...JSON.stringify(json).matchAll(
          /"(?:signature|data|encrypted_content|reasoning_content|thoughtSignature)":"([^"]+)"/g,
        ),
      ].map((match) => match[1] as string);
    const kept = opaque(own[1]?.json);
    expect(kept.length).toBeGreaterThan(0);
    expect(opaque(own[2]?.json).slice(0, kept.length)).toEqual(kept);
    for (const request of stage.fake.requests) expect(validateRequest(request)).toEqual([]);
  });
});
