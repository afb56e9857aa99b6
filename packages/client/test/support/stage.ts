import { createSessions, defineTool, memoryStorage } from '@reprise/core';
import type { Sessions, SessionsConfig } from '@reprise/core';
import { scriptedModel } from '@reprise/fake-provider';
import type { Script, ScriptedModel } from '@reprise/fake-provider';
import { createServer } from '@reprise/http';
import type { Server, ServerOptions } from '@reprise/http';
import { listen } from '@reprise/http/node';
import type { Listening } from '@reprise/http/node';
import { connect } from '../../src/index.ts';
import type { ConnectOptions, RemoteSessions } from '../../src/index.ts';

export const TOKEN = 'test-token-0123456789';

export interface Stage {
  readonly url: string;
  readonly script: Script[];
  /** What the model was asked. */
  readonly requests: ScriptedModel['requests'];
  readonly sessions: Sessions;
  readonly server: Server;
  readonly remote: RemoteSessions;
  /** Another connection to the same server. */
  connect(options?: Partial<ConnectOptions>): RemoteSessions;
  close(): Promise<void>;
}

/** A real server on loopback with a scripted model behind it. */
export async function stage(
  options: Partial<ServerOptions> = {},
  config: Partial<SessionsConfig> & { readonly port?: number } = {},
): Promise<Stage> {
  const model = scriptedModel();
  const { script, requests, info } = model;
  const sessions = createSessions({
    storage: memoryStorage(),
    models: { resolve: async (name) => ({ requested: name, name, model, info }) },
    tools: [ADD],
    report: () => undefined,
    ...config,
  });
  const server = createServer(sessions, {
    tokens: [{ name: 'test', token: TOKEN }],
    defaultModel: 'test/model',
    models: () => [{ name: 'test/model', provider: 'test', contextWindow: 1000, maxOutputTokens: 100 }],
    tools: [ADD],
    report: () => undefined,
    ...options,
  });
  const listening: Listening = await listen(server, { port: config.port ?? 0 });
  const { url } = listening;
  const fast = { random: () => 0.01, report: () => undefined };
  return {
    url,
    script,
    requests,
    sessions,
    server,
    remote: connect({ url, token: TOKEN, ...fast }),
    connect: (more = {}) => connect({ url, token: TOKEN, ...fast, ...more }),
    async close() {
      await server.close();
      await listening.close(50);
      await sessions.close();
    },
  };
}

const ADD = defineTool<{ a: number; b: number }, number>({
  name: 'add',
  description: 'Adds.',
  input: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] },
  replay: 'safe',
  access: () => ({ effect: 'none' }),
  run: async ({ a, b }) => a + b,
});
