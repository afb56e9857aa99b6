import { AbstractChat, DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses } from 'ai';
import type { ChatInit, ChatState, UIMessage } from 'ai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Stage } from './support/stage.ts';
import { TOKEN, stage } from './support/stage.ts';

/** The AI SDK's own chat, with the plainest state there is. */
class NodeChat extends AbstractChat<UIMessage> {
  constructor(init: ChatInit<UIMessage>) {
    const state: ChatState<UIMessage> = {
      status: 'ready',
      error: undefined,
      messages: init.messages ?? [],
      pushMessage: (message) => void (state.messages = [...state.messages, message]),
      popMessage: () => void (state.messages = state.messages.slice(0, -1)),
      replaceMessage: (index, message) => void (state.messages = state.messages.with(index, message)),
      snapshot: structuredClone,
    };
    super({ ...init, state });
  }
}

const ADDING = [
  ['Adding. ', { call: 'add', id: 'c1', input: { a: 1, b: 2 } }],
  ['It is ', '3.'],
] as const;

let at: Stage;
beforeEach(async () => void (at = await stage()));
afterEach(() => at.close());

function chat(init: ChatInit<UIMessage> = {}): NodeChat {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  return new NodeChat({ transport: new DefaultChatTransport({ api: `${at.url}/v1/chat`, headers }), ...init });
}

async function loaded(id: string): Promise<{ session?: string; messages: UIMessage[] }> {
  const response = await fetch(`${at.url}/v1/chat/${id}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  return (await response.json()) as { session?: string; messages: UIMessage[] };
}

const textOf = (message: UIMessage | undefined): string =>
  (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');

const toolsOf = (message: UIMessage | undefined) =>
  (message?.parts ?? []).flatMap((part) => (part.type === 'dynamic-tool' ? [part] : []));

describe('useChat’s own chat', () => {
  test('sends, shows text, reasoning and tools as they come, and goes on with the same session', async () => {
    at.script.push(['Hi ', { think: 'Hm.' }, 'there.'], ...ADDING);
    const talk = chat();
    await talk.sendMessage({ text: 'hello' });
    expect(talk.status).toBe('ready');
    expect(talk.lastMessage?.parts.map(({ type }) => type)).toEqual(['step-start', 'text', 'reasoning', 'text']);
    await talk.sendMessage({ text: 'add' });
    expect(talk.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant']);
    expect(textOf(talk.lastMessage)).toBe('Adding. It is 3.');
    expect(toolsOf(talk.lastMessage)).toMatchObject([{ toolName: 'add', state: 'output-available', output: 3 }]);
    expect(talk.lastMessage?.metadata).toMatchObject({ session: expect.any(String), usage: { total: 30 } });
    const sessions = await at.remote.list();
    expect(sessions).toMatchObject([{ messageCount: 5, tags: [`chat:${talk.id}`] }]);
  });

  test('shows after a reload what it showed before', async () => {
    at.script.push(...ADDING);
    const talk = chat();
    await talk.sendMessage({ text: 'add' });
    const { session, messages } = await loaded(talk.id);
    const facts = (all: UIMessage[]) =>
      all.map((message) => [textOf(message), toolsOf(message).map(({ state }) => state)]);
    expect(facts(messages)).toEqual(facts(talk.messages));
    expect(messages.at(-1)?.id).toBe(talk.lastMessage?.id);
    expect((await loaded(session ?? '')).messages).toEqual(messages);
    expect(await loaded('nobody-knows-it')).toEqual({ id: 'nobody-knows-it', messages: [] });
  });

  test('takes up an answer that is under way, from its beginning, as often as it likes', async () => {
    const gate = Promise.withResolvers<void>();
    at.script.push(['before ', gate.promise, 'after']);
    const talk = chat();
    const sending = talk.sendMessage({ text: 'go' });
    await expect.poll(() => textOf(talk.lastMessage)).toBe('before ');
    const others = [chat({ id: talk.id, messages: (await loaded(talk.id)).messages }), chat({ id: talk.id })];
    const resuming = others.map((other) => other.resumeStream());
    for (const other of others) await expect.poll(() => textOf(other.lastMessage)).toBe('before ');
    gate.resolve();
    await Promise.all([sending, ...resuming]);
    for (const one of [talk, ...others]) expect(textOf(one.lastMessage)).toBe('before after');
    expect(others[0]?.messages).toHaveLength(2);
    await others[0]?.resumeStream();
    expect(others[0]?.status).toBe('ready');
  });

  test('a stop of the page stops no turn, and the answer is there afterwards', async () => {
    const gate = Promise.withResolvers<void>();
    at.script.push(['before ', gate.promise, 'after']);
    const talk = chat();
    const sending = talk.sendMessage({ text: 'go' });
    await expect.poll(() => textOf(talk.lastMessage)).toBe('before ');
    await talk.stop();
    await sending;
    gate.resolve();
    await expect.poll(async () => textOf((await loaded(talk.id)).messages.at(-1))).toBe('before after');
  });

  test('answers anew, and what was there before is taken back', async () => {
    at.script.push(['one'], ['first'], ['second'], ['third']);
    const talk = chat();
    await talk.sendMessage({ text: 'first question' });
    await talk.sendMessage({ text: 'question' });
    await talk.regenerate();
    expect(talk.messages.map(textOf)).toEqual(['first question', 'one', 'question', 'second']);
    expect((await loaded(talk.id)).messages.map(textOf)).toEqual(talk.messages.map(textOf));
    const [, , asked] = talk.messages;
    await talk.sendMessage({ text: 'other question', messageId: asked?.id ?? '' });
    expect((await loaded(talk.id)).messages.map(textOf)).toEqual(['first question', 'one', 'other question', 'third']);
    // As one record each, so that each can be undone.
    const session = await at.remote.load((await loaded(talk.id)).session ?? '');
    const undone = [await session.undo(), await session.undo(), await session.undo()];
    expect(undone.map((one) => one?.what)).toEqual(['exchange', 'rewind', 'exchange']);
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(['first question', 'one']);
  });

  test('files go along, are there after a reload, and go along again where it is answered anew', async () => {
    const file = (text: string, filename: string) =>
      ({ type: 'file', mediaType: 'text/plain', filename, url: `data:text/plain;base64,${btoa(text)}` }) as const;
    at.script.push(['one'], ['two'], ['three'], ['four']);
    const talk = chat();
    await talk.sendMessage({ text: 'read', files: [file('first file', 'a.txt'), file('second file', 'b.txt')] });
    await talk.sendMessage({ files: [file('alone', 'c.txt')] });
    expect(JSON.stringify(at.requests[0]?.prompt)).toContain('first file');
    expect(JSON.stringify(at.requests[1]?.prompt)).toContain('alone');

    const { session = '', messages } = await loaded(talk.id);
    const shown = messages.map(({ parts }) => parts.filter(({ type }) => type !== 'step-start'));
    expect(shown).toEqual(talk.messages.map(({ parts }) => parts.filter(({ type }) => type !== 'step-start')));
    const back = chat({ id: talk.id, messages });
    await back.regenerate();
    expect(JSON.stringify(at.requests[2]?.prompt)).toContain('alone');
    expect((await loaded(talk.id)).messages.map(textOf)).toEqual(['read', 'one', '', 'three']);

    // A page may also name one that the session has; nothing is fetched from elsewhere.
    const [said] = await (await at.remote.load(session)).getMessages();
    const place = `/v1/sessions/${session}/attachments/${said?.attachments?.[0]?.sha256}`;
    await back.sendMessage({ text: 'again', files: [{ ...file('', 'd.txt'), url: place }] });
    expect(JSON.stringify(at.requests[3]?.prompt).split('first file')).toHaveLength(3);
    const errors: string[] = [];
    const bad = chat({ onError: ({ message }) => void errors.push(message) });
    await bad.sendMessage({ text: 'read', files: [{ ...file('', 'e.txt'), url: 'http://127.0.0.1/secret' }] });
    expect(errors).toEqual([expect.stringContaining('data URL')]);
    expect(await loaded(bad.id)).toEqual({ id: bad.id, messages: [] });
  });

  test('a failure is told, and the next message works', async () => {
    at.script.push([Object.assign(new Error('bad key'), { statusCode: 401 })]);
    const errors: string[] = [];
    const talk = chat({ onError: ({ message }) => void errors.push(message) });
    await talk.sendMessage({ text: 'go' });
    expect([talk.status, errors.length]).toEqual(['error', 1]);
    at.script.push(['better']);
    await talk.sendMessage({ text: 'again' });
    expect(textOf(talk.lastMessage)).toBe('better');
  });

  test('text that is taken back is taken back here too', async () => {
    at.script.push(['half', Object.assign(new Error('overloaded'), { statusCode: 529 })], ['whole']);
    const talk = chat();
    await talk.sendMessage({ text: 'go' });
    expect(textOf(talk.lastMessage)).toBe('whole');
  });

  test('without the token it is told so', async () => {
    const transport = new DefaultChatTransport<UIMessage>({ api: `${at.url}/v1/chat` });
    const errors: Error[] = [];
    const talk = chat({ transport, onError: (error) => void errors.push(error) });
    await talk.sendMessage({ text: 'go' });
    expect(errors[0]?.message).toContain('AUTH');
  });
});

describe('tool approvals', () => {
  async function asking(): Promise<NodeChat> {
    await at.close();
    at = await stage({}, { permissions: { decide: () => ({ verdict: 'ask', reason: 'It adds.' }) }, onAsk: 'wait' });
    at.script.push(...ADDING);
    const talk = chat({ sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses });
    await talk.sendMessage({ text: 'add' });
    expect(toolsOf(talk.lastMessage)).toMatchObject([{ state: 'approval-requested' }]);
    expect(talk.status).toBe('ready');
    return talk;
  }

  const approvalOf = (talk: NodeChat): string => toolsOf(talk.lastMessage)[0]?.approval?.id ?? '';

  test('are asked, given, and the same turn goes on', async () => {
    const talk = await asking();
    await talk.addToolApprovalResponse({ id: approvalOf(talk), approved: true });
    await expect.poll(() => textOf(talk.lastMessage)).toBe('Adding. It is 3.');
    await expect.poll(() => talk.status).toBe('ready');
    expect(talk.messages).toHaveLength(2);
    expect(toolsOf(talk.lastMessage)).toMatchObject([{ state: 'output-available', output: 3 }]);
    expect((await at.remote.list())[0]).toMatchObject({ status: 'idle', messageCount: 3 });
  });

  test('are denied with a reason that the model is told', async () => {
    const talk = await asking();
    await talk.addToolApprovalResponse({ id: approvalOf(talk), approved: false, reason: 'Not today.' });
    await expect.poll(() => textOf(talk.lastMessage)).toBe('Adding. It is 3.');
    expect(toolsOf(talk.lastMessage)).toMatchObject([{ state: 'output-denied' }]);
    const { session } = await loaded(talk.id);
    const [, step] = await (await at.remote.load(session ?? '')).getMessages();
    expect(step?.toolResults?.[0]?.error).toContain('Not today.');
  });

  test('survive a reload: the page that comes back is asked again', async () => {
    const talk = await asking();
    const again = chat({ id: talk.id, messages: (await loaded(talk.id)).messages });
    await again.resumeStream();
    expect(toolsOf(again.lastMessage)).toMatchObject([
      { state: 'approval-requested', approval: { id: approvalOf(talk) } },
    ]);
  });
});
