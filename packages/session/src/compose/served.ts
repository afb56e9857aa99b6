import type { SessionOptions, Sessions, SessionStorage, Tool } from '@reprise/core';
import type { ModelRow } from '@reprise/providers';
import type { PermissionMode } from '@reprise/tools';
import { homeOf, sessionSettings } from './config.ts';
import { directoryOf } from './directory.ts';
import { defaultModel } from './default-model.ts';
import { openSessions } from './open.ts';
import type { Place } from './open.ts';
import type { Site } from './storage.ts';

export interface ServedOptions {
  /** As in `OpenOptions`. */
  readonly storage?: string | undefined;
  /** Default: the configuration's, else `ask`: then a call waits until somebody answers. */
  readonly permission?: PermissionMode | undefined;
  /** Of sessions that name none; default: the configuration's, else the one whose key is there. */
  readonly model?: string | undefined;
  /** Working directory of new sessions; a path from the place's. Default: that. */
  readonly cwd?: string | undefined;
  /** A path from the place's `cwd`. Default: `server-token` in the folder of the configuration. */
  readonly tokenFile?: string | undefined;
  /** As in `tokensFileOf`. */
  readonly tokensFile?: string | undefined;
  readonly report: (error: unknown) => void;
}

/** What a server is made with (`serve` of `@reprise/http/node`), as far as the user's configuration says it. */
export interface Served {
  readonly tokenFile: string;
  readonly tokensFile: string;
  /** Of the variable REPRISE_SERVER_TOKEN, if it is set. */
  readonly tokens?: readonly { readonly name: string; readonly token: string }[];
  readonly defaultModel: () => string;
  readonly defaults: Partial<Pick<SessionOptions, 'cwd' | 'pruneStrategy' | 'contextWindow' | 'budget'>>;
  readonly models: () => readonly ModelRow[];
  readonly tools: readonly Tool[];
  readonly search?: NonNullable<SessionStorage['search']>;
  readonly report: (error: unknown) => void;
}

/**
 * Where the named tokens of a server are: `given` (a path from the place's `cwd`), else the variable REPRISE_TOKENS, else `server-tokens.json` in the folder
 * of the configuration. Never in a repository by itself: who may use a server is nothing that its files say.
 */
export function tokensFileOf({ env, cwd }: Site, given?: string): string {
  const path = process.getBuiltinModule('node:path');
  return path.resolve(cwd, given ?? (env['REPRISE_TOKENS'] || path.join(homeOf(env), 'server-tokens.json')));
}

/** Sessions for others to work on, as the user configured them. */
export async function openServed(
  place: Place,
  { report, ...options }: ServedOptions,
): Promise<{ readonly sessions: Sessions; readonly served: Served }> {
  const cwd = directoryOf(options.cwd, place.cwd, '`cwd`');
  const opened = await openSessions(place, {
    storage: options.storage,
    // Nobody sits here: what must be asked waits for whoever answers, and a rate limit is sat out.
    turns: { permission: options.permission, onAsk: 'wait', retry: { park: true } },
    cwd,
    owner: 'reprise serve',
    report,
  });
  const { sessions, models, config, storage, tools, home } = opened;
  const token = place.env['REPRISE_SERVER_TOKEN'];
  const path = process.getBuiltinModule('node:path');
  return {
    sessions,
    served: {
      tokenFile: path.resolve(place.cwd, options.tokenFile ?? path.join(home, 'server-token')),
      tokensFile: tokensFileOf(place, options.tokensFile),
      ...(token && { tokens: [{ name: 'environment', token }] }),
      defaultModel: () => options.model ?? defaultModel(config.model, models.list(), { terminal: false }).name,
      defaults: { cwd, pruneStrategy: 'summarize', ...sessionSettings(config) },
      models: () => models.list(),
      tools,
      ...(storage.search && { search: storage.search.bind(storage) }),
      report,
    },
  };
}
