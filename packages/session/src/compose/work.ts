import type { Asker, OnAsk, SessionsConfig } from '@reprise/core';
import { createPromptSource } from '@reprise/prompts';
import { createTools, permissionPolicy } from '@reprise/tools';
import type { PermissionMode } from '@reprise/tools';
import type { Environment } from './config.ts';

/** What only turns need: tools, the prompt, and who may allow what. */
export function workOf(
  environment: Environment,
  repriseHome: string,
  {
    mode,
    ask,
    onAsk,
  }: { readonly mode: PermissionMode; readonly ask?: Asker | undefined; readonly onAsk?: OnAsk | undefined },
): Pick<SessionsConfig, 'tools' | 'prompt' | 'permissions' | 'ask' | 'onAsk'> {
  const places = { environment, repriseHome };
  return {
    tools: createTools(places),
    permissions: permissionPolicy({ mode, ...places }),
    prompt: createPromptSource({ instructions: true }),
    ...(ask && { ask }),
    ...(onAsk && { onAsk }),
  };
}
