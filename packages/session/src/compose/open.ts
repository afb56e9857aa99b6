import { createSessions } from '@reprise/core';
import type { Asker, OnAsk, SessionStorage, Sessions, SessionsConfig, Tool } from '@reprise/core';
import type { CassetteRecorder } from '@reprise/core/cassette';
import type { Models } from '@reprise/providers';
import type { PermissionMode } from '@reprise/tools';
import { loadSettings } from './config.ts';
import type { Config } from './config.ts';
import { openModels } from './models.ts';
import { openStorage } from './storage.ts';
import type { Site } from './storage.ts';

/** The process that a program runs in, as far as composing it goes. */
export interface Place extends Site {
  readonly platform: string;
  readonly pid: number;
}

export interface OpenOptions {
  /** A storage module: a path from the place's `cwd`, or a package installed there. Default: the configuration's, else files. */
  readonly storage?: string | undefined;
  /** Tools, prompt and permissions too; managing sessions does without. */
  readonly turns?:
    | {
        /** Default: the configuration's, else `ask`. */
        readonly permission?: PermissionMode | undefined;
        /** Absent = nobody can be asked. */
        readonly ask?: Asker | undefined;
        /** As in `SessionsConfig`. */
        readonly onAsk?: OnAsk | undefined;
        /** As in `SessionsConfig`. */
        readonly retry?: SessionsConfig['retry'];
      }
    | undefined;
  /** Default working directory of new sessions. Default: the place's. */
  readonly cwd?: string;
  /** As whom sessions are held. Default: `reprise`. */
  readonly owner?: string;
  /** As in `SessionsConfig`. */
  readonly linger?: number;
  readonly report?: (error: unknown) => void;
  /** Records the models and the store. */
  readonly recorder?: CassetteRecorder;
}

export interface Opened {
  readonly sessions: Sessions;
  readonly models: Models;
  readonly config: Config;
  /** Where the sessions are; `sessions.close()` closes it. */
  readonly storage: SessionStorage;
  /** What turns may use; none where they were not asked for. */
  readonly tools: readonly Tool[];
  /** Where the store and the configuration are by default. */
  readonly home: string;
}

/** Sessions as the user configured them. The caller closes them, and the store with them. */
export async function openSessions(place: Place, options: OpenOptions = {}): Promise<Opened> {
  const { env, cwd, platform, pid } = place;
  const { turns, linger, report } = options;
  const settings = await loadSettings(env);
  const { home, config } = settings;
  const opened = { storage: await openStorage(place, settings, options.storage), models: openModels(env, config) };
  const storage = options.recorder?.storage(opened.storage) ?? opened.storage;
  const models = options.recorder?.models(opened.models) ?? opened.models;
  const mode = turns?.permission ?? config.permission ?? 'ask';
  const work = turns ? (await import('./work.ts')).workOf(env, home, { ...turns, mode }) : {};
  const sessions = createSessions({
    storage,
    models,
    cwd: options.cwd ?? cwd,
    platform,
    owner: { name: options.owner ?? 'reprise', pid },
    ...(linger !== undefined && { linger }),
    ...(report && { report }),
    ...(turns?.retry && { retry: turns.retry }),
    ...work,
  });
  return { sessions, models, config, storage, tools: work.tools ?? [], home };
}
