import type { SessionsConfig } from '@reprise/core';
import { createPromptSource } from '@reprise/prompts';
import { createTools, permissionPolicy } from '@reprise/tools';
import type { PermissionMode } from '@reprise/tools';
import { terminalAsker } from '@reprise/tui';
import type { Io } from '@reprise/tui';

/** What only turns need: tools, the prompt, and who may allow what. */
export function workOf(
  io: Io,
  mode: PermissionMode,
  repriseHome: string,
): Pick<SessionsConfig, 'tools' | 'prompt' | 'permissions' | 'ask'> {
  const places = { environment: io.env, repriseHome };
  const ask = terminalAsker(io);
  return {
    tools: createTools(places),
    permissions: permissionPolicy({ mode, ...places }),
    prompt: createPromptSource({ instructions: true }),
    ...(ask && { ask }),
  };
}
