import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { classify } from '@reprise/core';
import { createModels } from '../src/index.ts';
import { createNodeFetch } from '../src/node-fetch.ts';
import { modelFetch } from '../src/providers/model-fetch.ts';
import { stream, user } from './support.ts';

/** What the server does with every request. */
let answer: (response: ServerResponse) => void;
let asked: string[] = [];
let url: string;
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  request.resume().on('end', () => answer(response));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void (asked = []));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const MODELS = [
  ['anthropic/claude-sonnet-4-5', 'ANTHROPIC_BASE_URL'],
  ['openai/gpt-5', 'OPENAI_BASE_URL'],
  ['compatible/qwen3', 'OPENAI_COMPATIBLE_BASE_URL'],
  ['google/gemini-2.5-pro', 'GOOGLE_GENERATIVE_AI_BASE_URL'],
] as const;
const fetches = { nodeFetch: createNodeFetch({}), 'the global fetch': globalThis.fetch };
const cases = MODELS.flatMap(([name, variable]) =>
  (Object.keys(fetches) as (keyof typeof fetches)[]).map((fetch) => [name, variable, fetch] as const),
);

async function failureOf(name: string, fetch: typeof globalThis.fetch): Promise<any> {
  const keys = { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k', GEMINI_API_KEY: 'k' };
  const env = { ...keys, ...Object.fromEntries(MODELS.map(([, variable]) => [variable, `${url}/v1`])) };
  const { model } = await createModels({ env, fetch }).resolve(name);
  return stream(model).then(
    (parts) => parts.find((part) => part.type === 'error')?.error ?? expect.unreachable('it answered'),
    (error: unknown) => error,
  );
}
const says = (status: number, body: string, headers: Record<string, string> = {}) => {
  answer = (response) => void response.writeHead(status, headers).end(body);
};
const JSON_TYPE = { 'content-type': 'application/json' };

describe.each(cases)('%s (%s) through %s', (name, variable, fetch) => {
  const provider = name.split('/')[0];
  const fails = () => failureOf(name, fetches[fetch]);

  test('a web page with a good status is no answer, whatever its type', async () => {
    for (const type of ['text/html', 'text/event-stream']) {
      says(200, '\ufeff\n<!DOCTYPE html><html><title>Sign in</title></html>', { 'content-type': type });
      expect(await fails()).toMatchObject({
        code: 'MODEL_NOT_FOUND',
        message: `${provider} answered with a web page (200).`,
        hint: expect.stringContaining(variable),
      });
    }
  });

  test('an error as JSON with a good status is that error, with the status inside', async () => {
    says(200, '{"error":{"message":"Model is loading","code":503}}', JSON_TYPE);
    const error = await fails();
    expect(error.message).toBe('Model is loading');
    expect(classify(error, 0)).toMatchObject({ kind: 'overload', status: 503, retryable: true });
    says(200, '[{"error":{"message":"API key not valid."}}]', JSON_TYPE);
    expect(classify(await fails(), 0)).toMatchObject({ kind: 'auth', message: 'API key not valid.' });
  });

  test('an answer in one piece is UNSUPPORTED', async () => {
    says(200, '{"id":"x","error":null,"choices":[]}', JSON_TYPE);
    expect(await fails()).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining(variable) });
  });

  test('the body of a failure is read up to a limit', async () => {
    let sent = 0;
    answer = (response) => {
      response.writeHead(500, { 'content-type': 'text/plain' });
      const more = (): void => {
        if (response.destroyed || sent > 100_000_000) return void response.end();
        sent += 65_536;
        if (response.write('x'.repeat(65_536))) setImmediate(more);
        else response.once('drain', more);
      };
      more();
    };
    const error = await fails();
    expect([error.statusCode, error.responseBody.length]).toEqual([500, 1_048_576]);
    // What the sockets hold comes on top.
    expect(sent).toBeLessThan(50_000_000);
  });
});

test.each(MODELS)(
  '%s: a redirection is not followed by nodeFetch, so that no key goes elsewhere',
  async (name, variable) => {
    says(307, '', { location: '/secret?key=1' });
    expect(await failureOf(name, createNodeFetch({}))).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: `${name.split('/')[0]} redirects to ${url}/secret (307), which is not followed.`,
      hint: `Set ${variable} to the address itself.`,
    });
    expect(asked).toHaveLength(1);
  },
);

test('a line that never ends is an error and closes the connection', async () => {
  const closed = new Promise<void>((resolve) => {
    answer = (response) => {
      response.once('close', resolve).writeHead(200, { 'content-type': 'text/event-stream' });
      const more = (): void => {
        if (response.write(`${'x'.repeat(1000)}`)) setImmediate(more);
        else if (!response.destroyed) response.once('drain', more);
      };
      response.write('data: {"short":1}\n\ndata: ');
      more();
    };
  });
  const spec = {
    needsKey: false,
    id: 'mine',
    apiKey: undefined,
    authToken: undefined,
    baseURL: url,
    addressIn: 'X',
    headers: {},
  };
  const response = await modelFetch({ ...spec, fetch: createNodeFetch({}) }, { longestLine: 100_000 })(url);
  const whole = async (): Promise<void> => {
    for await (const bytes of response.body ?? []) expect(bytes.byteLength).toBeGreaterThan(0);
  };
  await expect(whole()).rejects.toMatchObject({ code: 'PROVIDER', message: expect.stringContaining('100000') });
  await closed;
});

test('an address without anybody is NETWORK with the address in it', async () => {
  const env = { OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9/v1' };
  const { model } = await createModels({ env, fetch: createNodeFetch({}) }).resolve('compatible/x');
  const error: unknown = await Promise.resolve(model.doStream({ prompt: [user('hi')] })).catch((thrown) => thrown);
  expect(classify(error, 0)).toMatchObject({ kind: 'network', message: expect.stringContaining('127.0.0.1:9') });
});
