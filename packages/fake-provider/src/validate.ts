import type { BrokenRule } from './rules.ts';
import type { RecordedRequest } from './script.ts';
import { validateAnthropicRequest } from './validate-anthropic.ts';
import { validateChatRequest } from './validate-chat.ts';
import { validateGoogleRequest } from './validate-google.ts';
import { validateResponsesRequest } from './validate-responses.ts';

/** Broken rules of a recorded request, by its dialect; empty = the API would take it. */
export function validateRequest({
  dialect,
  json,
  path,
}: Pick<RecordedRequest, 'dialect' | 'json' | 'path'>): BrokenRule[] {
  switch (dialect) {
    case 'anthropic':
      return validateAnthropicRequest(json);
    case 'openai-responses':
      return validateResponsesRequest(json);
    case 'openai-chat':
      return validateChatRequest(json);
    case 'google':
      return validateGoogleRequest(json, /models\/([^:]+):/.exec(path)?.[1]);
  }
}
