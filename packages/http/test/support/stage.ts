import { RepriseError, createSessions, memoryStorage } from '@reprise/core';
import type { SessionStorage, Sessions, SessionsConfig } from '@reprise/core';
import { scriptedModel } from '@reprise/fake-provider';
import type { ScriptedModel } from '@reprise/fake-provider';
import { expect } from 'vitest';
import { createServer } from '../../src/index.ts';
import type { Server, ServerOptions } from '../../src/index.ts';
import { statuses } from '../../src/openapi.ts';
import { ROUTES } from '../../src/routes/all.ts';
import { problem } from '../../src/schemas/common.ts';

/** The API keeps to its own description. */
function expectDescribed(method: string, path: string, { status, headers }: Response, body: unknown): void {
  const name = path.split('?')[0] ?? '';
  const route = ROUTES.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(name),
  );
  if (route === undefined) return;
  const isProblem = headers.get('content-type') === 'application/problem+json';
  const schema = isProblem ? problem : route.answers[status]?.schema;
  expect(schema, `${method} ${name} describes ${status}`).toBeDefined();
  if (isProblem) expect(statuses(route), `${method} ${name} names ${status}`).toContain(status);
  expect(schema?.parse(body)).toEqual(body);
}

export const TOKEN = 'test-token-0123456789';
export const ORIGIN = 'http://127.0.0.1:4000';

export interface Stage {
  readonly model: ScriptedModel;
  readonly storage: SessionStorage;
  readonly sessions: Sessions;
  readonly server: Server;
  /** With the token, unless headers say otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** JSON in, JSON out. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any; headers: Headers }>;
  /** A new session's id. */
  session(): Promise<string>;
}

export function stage(options: Partial<ServerOptions> = {}, config: Partial<SessionsConfig> = {}): Stage {
  const model = scriptedModel();
  const storage = config.storage ?? memoryStorage();
  const sessions = createSessions({
    storage,
    models: {
      async resolve(name) {
        if (name !== 'test/model') throw new RepriseError('MODEL_NOT_FOUND', `no model ${name}`);
        return { requested: name, name, model, info: model.info };
      },
    },
    ...config,
  });
  const server = createServer(sessions, {
    tokens: [{ name: 'test', token: TOKEN }],
    defaultModel: 'test/model',
    ...options,
  });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${TOKEN}`);
    return server.fetch(new Request(`${ORIGIN}${path}`, { ...init, headers }));
  };
  const call: Stage['call'] = async (method, path, body, headers = {}) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await ask(path, { method, headers: { accept: 'application/json', ...type, ...headers }, ...sent });
    const text = await response.text();
    if (text !== '') expectDescribed(method, path, response, JSON.parse(text));
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers };
  };
  const session = async (): Promise<string> => (await call('POST', '/v1/sessions')).body.id as string;
  return { model, storage, sessions, server, ask, call, session };
}
