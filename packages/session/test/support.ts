import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sessions, SessionsConfig } from '@reprise/core';
import { startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { createModels } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import { fsStorage } from '@reprise/storage-fs';
import { createDefaultSessions } from '@reprise/session';
import { afterEach, beforeEach } from 'vitest';

/** A folder of one's own, and how to get rid of it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'reprise-session-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Keys and addresses of every provider, all of them at the fake. */
export function environmentOf(fake: FakeProvider): Record<string, string> {
  return {
    ANTHROPIC_API_KEY: 'key-a',
    ANTHROPIC_BASE_URL: fake.url,
    OPENAI_API_KEY: 'key-o',
    OPENAI_BASE_URL: `${fake.url}/v1`,
    GEMINI_API_KEY: 'key-g',
    GOOGLE_GENERATIVE_AI_BASE_URL: fake.url,
    OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1`,
  };
}

/** One model of each dialect. */
export const MODELS = {
  anthropic: 'anthropic/claude-sonnet-4-5',
  'openai-responses': 'openai/gpt-5',
  'openai-chat': 'compatible/qwen3',
  google: 'google/gemini-2.5-pro',
} as const;

/** The default sessions on a folder and the fake; a second call on the same folder is a restart. */
export function sessionsOn(folder: string, fake: FakeProvider, parts: Partial<SessionsConfig> = {}): Sessions {
  return createDefaultSessions({
    storage: fsStorage({ root: join(folder, 'sessions') }),
    models: createModels({ env: environmentOf(fake), fetch: nodeFetch }),
    cwd: folder,
    random: () => 0,
    ...parts,
  });
}

/** The default sessions of a test, on a folder of its own and a strict fake. */
interface Stage {
  readonly fake: FakeProvider;
  readonly folder: string;
  readonly sessions: Sessions;
  /** The same store with nothing in memory, as for a new process; `between` happens while no process runs. */
  restart(between?: () => void): Promise<void>;
}

/** A new stage before each test of the file, of which nothing is left after it. */
export function stageForEach(): Stage {
  const folder = { path: '', remove: (): void => undefined };
  const stage = {
    async restart(between?: () => void) {
      await stage.sessions.close();
      between?.();
      stage.sessions = sessionsOn(stage.folder, stage.fake);
    },
  } as { -readonly [K in keyof Stage]: Stage[K] };
  beforeEach(async () => {
    Object.assign(folder, temporaryFolder());
    stage.folder = folder.path;
    stage.fake = await startFakeProvider({ strict: true });
    stage.sessions = sessionsOn(stage.folder, stage.fake);
  });
  afterEach(async () => {
    await stage.sessions.close();
    await stage.fake.close();
    folder.remove();
  });
  return stage;
}
