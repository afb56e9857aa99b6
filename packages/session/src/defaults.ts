import type { Sessions, SessionsConfig } from '@reprise/core';
import { createSessions } from '@reprise/core';
import { createPromptSource } from '@reprise/prompts';
import { createModels } from '@reprise/providers';
import { fsStorage } from '@reprise/storage-fs';
import { createTools, libraryPolicy } from '@reprise/tools';

/**
 * Sessions with the default of every part: files under `~/.opencode/sessions` (or `$REPRISE_HOME/sessions`), every provider whose key
 * is in the environment, the six tools, the default prompt. Any part can be given instead. Nothing is opened before it is used.
 */
export function createDefaultSessions(parts: Partial<SessionsConfig> = {}): Sessions {
  return createSessions({
    storage: parts.storage ?? fsStorage(),
    models: parts.models ?? createModels(),
    tools: parts.tools ?? createTools(),
    prompt: parts.prompt ?? createPromptSource(),
    permissions: parts.permissions ?? libraryPolicy({ named: (request) => request.named }),
    cwd: parts.cwd ?? process.cwd(),
    platform: parts.platform ?? process.platform,
    owner: parts.owner ?? { name: 'reprise', pid: process.pid },
    ...parts,
  });
}
