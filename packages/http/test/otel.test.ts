import { ReadableStream } from 'node:stream/web';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Session } from '@reprise/core';
import { scriptedModel, toolCall } from '@reprise/fake-provider';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { TraceOptions } from '../src/otel/index.ts';
import { traceTurns } from '../src/otel/index.ts';
import { AGENT } from './support/agent.ts';
import { stage } from './support/stage.ts';

function traced(options: TraceOptions = {}) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const onTurn = traceTurns({ provider, ...options });
  const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);
  const text = (): string =>
    JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, status, events }) => [name, attributes, status, events]),
    );
  return { ...stage({ onTurn }), onTurn, exporter, spans, text };
}

const id = (span: ReadableSpan | undefined) => span?.spanContext().spanId;

test('a turn is a span, with its model call in it', async () => {
  const { call, session, spans, exporter } = traced();
  const about = await session();
  await call('POST', `/v1/sessions/${about}/messages`, { content: 'a secret question' });
  expect(exporter.getFinishedSpans()).toHaveLength(2);
  const [turn] = spans('invoke_agent reprise');
  const [chat] = spans('chat model');
  expect(turn).toMatchObject({ kind: SpanKind.INTERNAL, status: { code: SpanStatusCode.UNSET } });
  expect(turn?.attributes).toEqual({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'reprise',
    'gen_ai.conversation.id': about,
    'gen_ai.provider.name': 'test',
    'gen_ai.request.model': 'model',
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.output_tokens': 5,
    'gen_ai.response.finish_reasons': ['stop'],
  });
  expect([chat?.kind, chat?.parentSpanContext?.spanId]).toEqual([SpanKind.CLIENT, id(turn)]);
  expect(chat?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.conversation.id': about,
    'gen_ai.provider.name': 'test',
    'gen_ai.request.model': 'model',
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.output_tokens': 5,
    'gen_ai.response.finish_reasons': ['stop'],
  });
});

/** A session whose model calls the tool `look`, which gives or fails. */
async function looking(there: ReturnType<typeof traced>, fails: boolean): Promise<Session> {
  const made = await there.sessions.create({ model: 'test/model' });
  made.registerTool({
    name: 'look',
    description: 'Looks.',
    parameters: z.object({ at: z.string() }),
    handler: () => {
      if (fails) throw new Error('a secret failure');
      return 'a secret result';
    },
  });
  const { model } = there;
  const { doStream } = model;
  const usage = {
    inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 5, text: 5, reasoning: undefined },
  };
  const parts: LanguageModelV4StreamPart[] = [
    { type: 'text-start', id: 't' },
    { type: 'text-delta', id: 't', delta: 'Looking.' },
    { type: 'text-end', id: 't' },
    { type: 'tool-call', toolCallId: 'c1', toolName: 'look', input: '{"at":"a secret place"}' },
    { type: 'finish', finishReason: { unified: 'tool-calls', raw: undefined }, usage },
  ];
  model.doStream = async () => {
    model.doStream = doStream;
    return { stream: ReadableStream.from(parts) as globalThis.ReadableStream<LanguageModelV4StreamPart> };
  };
  return made;
}

test.each([false, true])('tool calls are spans beside the model calls (fails: %s)', async (fails) => {
  const there = traced();
  const { onTurn, spans, text } = there;
  const session = await looking(there, fails);
  const running = session.turn('a secret question');
  onTurn(running, session);
  await running.outcome();
  const [turn] = spans('invoke_agent reprise');
  const chats = spans('chat model');
  const [tool] = spans('execute_tool look');
  expect(chats.map(({ attributes }) => attributes['gen_ai.response.finish_reasons'])).toEqual([
    ['tool_call'],
    ['stop'],
  ]);
  expect([tool, ...chats].map((span) => span?.parentSpanContext?.spanId)).toEqual([id(turn), id(turn), id(turn)]);
  expect(tool?.attributes).toMatchObject({
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'look',
    'gen_ai.tool.call.id': 'c1',
    'gen_ai.tool.type': 'function',
    ...(fails && { 'error.type': 'TOOL_ERROR' }),
  });
  expect(tool?.status.code).toBe(fails ? SpanStatusCode.ERROR : SpanStatusCode.UNSET);
  expect(turn?.attributes['gen_ai.usage.input_tokens']).toBe(20);
  expect(text()).not.toContain('secret');
});

test('content is told where it is asked for', async () => {
  const there = traced({ content: true });
  const session = await looking(there, false);
  const running = session.turn('a secret question');
  there.onTurn(running, session);
  await running.outcome();
  const json = (name: string, key: string): unknown =>
    JSON.parse(String(there.spans(name)[0]?.attributes[key])) as unknown;
  expect(json('execute_tool look', 'gen_ai.tool.call.arguments')).toEqual({ at: 'a secret place' });
  expect(json('execute_tool look', 'gen_ai.tool.call.result')).toBe('a secret result');
  expect(json('invoke_agent reprise', 'gen_ai.input.messages')).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'a secret question' }] },
  ]);
  expect(json('chat model', 'gen_ai.output.messages')).toMatchObject([
    { role: 'assistant', finish_reason: 'tool_call', parts: [{ type: 'text' }, { type: 'tool_call', name: 'look' }] },
  ]);
});

test('a try that failed is a span of its own, with its code, and so is the one that followed', async () => {
  const { call, session, spans, model, text } = traced();
  model.script.push(['Hel', new Error('a secret reason')], ['Hello.']);
  await call('POST', `/v1/sessions/${await session()}/messages`, { content: 'hello' });
  expect(spans('chat model').map(({ status, attributes }) => [status.code, attributes['error.type']])).toEqual([
    [SpanStatusCode.ERROR, 'PROVIDER'],
    [SpanStatusCode.UNSET, undefined],
  ]);
  expect(spans('invoke_agent reprise')[0]?.status.code).toBe(SpanStatusCode.UNSET);
  expect(text()).not.toContain('secret');
});

test('a sub-session has its spans below the call that began it', async () => {
  const { exporter, spans, onTurn } = traced();
  const { call, session, model, sessions } = stage({ onTurn }, { tools: [AGENT] });
  model.script.push([toolCall('c1', 'agent', { prompt: 'Do it.' })], ['Sub.'], ['Done.']);
  const about = await session();
  await call('POST', `/v1/sessions/${about}/messages`, { content: 'hello' });
  const [{ id: below } = { id: '' }] = await sessions.list({ where: { parent: about } });
  const [tool] = spans('execute_tool agent');
  const of = (conversation: string, name: string) =>
    spans(name).filter(({ attributes }) => attributes['gen_ai.conversation.id'] === conversation);
  const [turn] = of(about, 'invoke_agent reprise');
  const [sub] = of(below, 'invoke_agent reprise');
  expect([tool, sub].map((span) => span?.parentSpanContext?.spanId)).toEqual([id(turn), id(tool)]);
  expect(of(below, 'chat model').map((span) => span.parentSpanContext?.spanId)).toEqual([id(sub)]);
  expect(of(about, 'chat model').map((span) => span.parentSpanContext?.spanId)).toEqual([id(turn), id(turn)]);
  expect(new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).size).toBe(1);
  expect(sub?.attributes).toMatchObject({ 'gen_ai.usage.input_tokens': 10, 'gen_ai.agent.name': 'reprise' });
});

test('a model that answers in place of another one has its name in the span', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const model = scriptedModel();
  model.script.push([new Error('broken')], ['Hello.']);
  const resolve = async (name: string) => ({ requested: name, name, model, info: model.info });
  const config = { models: { resolve }, retry: { attempts: 1 } };
  const { call, sessions } = stage({ onTurn: traceTurns({ provider }) }, config);
  const { id: about } = await sessions.create({ model: 'test/model', fallbackModels: ['spare/other'] });
  await call('POST', `/v1/sessions/${about}/messages`, { content: 'hello' });
  const named = exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes['gen_ai.provider.name']]);
  expect(named).toEqual([
    ['chat model', 'test'],
    ['chat other', 'spare'],
    ['invoke_agent reprise', 'test'],
  ]);
});

test('a turn that is aborted ends its spans, with the code', async () => {
  const { call, session, spans, model, sessions } = traced();
  model.script.push(['Hel', new Promise(() => undefined)]);
  const about = await session();
  const answer = call('POST', `/v1/sessions/${about}/messages`, { content: 'hello' });
  await expect.poll(async () => (await sessions.info(about)).status).toBe('active');
  await call('POST', `/v1/sessions/${about}/abort`);
  await answer;
  for (const name of ['invoke_agent reprise', 'chat model']) {
    expect(spans(name)).toMatchObject([
      { status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'ABORTED' } },
    ]);
  }
});

test('a message that waits has its span once it runs; one that is the same again has none', async () => {
  const { call, session, spans, model } = traced();
  const gate = Promise.withResolvers<void>();
  model.script.push(['one', gate.promise], ['two']);
  const about = await session();
  const at = `/v1/sessions/${about}/messages`;
  const first = call('POST', at, { content: 'first' }, { 'idempotency-key': 'k1' });
  await expect.poll(() => model.requests.length).toBe(1);
  const second = call('POST', at, { content: 'second', busy: 'queue' });
  gate.resolve();
  await Promise.all([first, second]);
  await call('POST', at, { content: 'first' }, { 'idempotency-key': 'k1' });
  expect(spans('invoke_agent reprise')).toHaveLength(2);
  expect(spans('chat model')).toHaveLength(2);
});
