import { memoryStorage } from '@reprise/core';
import type { Sessions, SessionsConfig } from '@reprise/core';
import { encodeEvent, validateRequest } from '@reprise/fake-provider';
import type { BrokenRule, Dialect } from '@reprise/fake-provider';
import { createModels } from '@reprise/providers';
import { createDefaultSessions } from '@reprise/session';
import { environmentOf } from '../support.ts';
import { said } from './dialects.ts';
import type { Said } from './dialects.ts';

export interface Desk {
  readonly sessions: Sessions;
  /** Bodies as they were sent, oldest first. */
  readonly bodies: any[];
  /** What the next requests are answered with; "ok" after them. A number is a refusal with that status. */
  readonly answers: (Said | number)[];
  /** Rules of the providers' APIs that a request broke. */
  readonly broken: BrokenRule[];
}

/** The default sessions with the providers in this process: every body is kept and held to its dialect's rules. */
export function desk(parts: Partial<SessionsConfig> = {}): Desk {
  const bodies: unknown[] = [];
  const answers: Desk['answers'] = [];
  const broken: BrokenRule[] = [];
  const fetch: typeof globalThis.fetch = async (url, init) => {
    const path = new URL(String(url)).pathname;
    const dialect = dialectOf(path);
    const json: unknown = JSON.parse(String(init?.body));
    bodies.push(json);
    broken.push(...validateRequest({ dialect, path, json }));
    const answer = answers.shift() ?? { text: 'ok' };
    if (typeof answer === 'number')
      return new Response(JSON.stringify({ error: { type: 'invalid_request_error', message: 'no' } }), {
        status: answer,
      });
    const events = said(dialect, { delta: 1000, ...answer }).map((event) => encodeEvent(event));
    return new Response(events.join(''), { headers: { 'content-type': 'text/event-stream' } });
  };
  const env = environmentOf({ url: 'http://127.0.0.1:1' } as never);
  const models = createModels({ env, fetch, ...CATALOGUE });
  const sessions = createDefaultSessions({
    storage: memoryStorage(),
    models,
    tools: [],
    cwd: '/tmp',
    random: () => 0,
    report: () => undefined,
    ...parts,
  });
  return { sessions, bodies, answers, broken };
}

/** A server of one's own says what it can. */
const CATALOGUE = {
  catalogue: { 'compatible/qwen3': { window: 32_768, output: 8192, effort: ['low', 'high'] } },
};

function dialectOf(path: string): Dialect {
  if (path.endsWith('/messages')) return 'anthropic';
  if (path.endsWith('/responses')) return 'openai-responses';
  return path.endsWith('/chat/completions') ? 'openai-chat' : 'google';
}
