import type { IncomingMessage } from 'node:http';
import type { Dialect, Endpoint } from './script.ts';

/** Whose request this is and what for, by the exact paths of the real APIs, so that a wrong base URL is seen. */
export function routeOf({
  method,
  url = '',
  headers,
}: IncomingMessage): { dialect: Dialect; endpoint: Endpoint } | undefined {
  const path = url.split('?')[0] ?? '';
  if (method === 'GET') {
    // One path for both; Anthropic's clients name their version.
    if (path === '/v1/models')
      return { dialect: headers['anthropic-version'] ? 'anthropic' : 'openai-chat', endpoint: 'models' };
    if (path === '/v1beta/models') return { dialect: 'google', endpoint: 'models' };
    if (path === '/v1/key') return { dialect: 'openai-chat', endpoint: 'key' };
  }
  if (method !== 'POST') return undefined;
  if (path === '/v1/messages') return { dialect: 'anthropic', endpoint: 'generate' };
  if (path === '/v1/messages/count_tokens') return { dialect: 'anthropic', endpoint: 'count' };
  if (path === '/v1/responses') return { dialect: 'openai-responses', endpoint: 'generate' };
  if (path === '/v1/responses/input_tokens') return { dialect: 'openai-responses', endpoint: 'count' };
  if (path === '/v1/chat/completions') return { dialect: 'openai-chat', endpoint: 'generate' };
  const action = /^\/v1beta\/models\/[^/]+:(streamGenerateContent|countTokens)$/.exec(path)?.[1];
  if (action) return { dialect: 'google', endpoint: action === 'countTokens' ? 'count' : 'generate' };
  return undefined;
}
