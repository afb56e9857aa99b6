import { anthropic, google, openaiChat, openaiResponses } from '@reprise/fake-provider';
import type { Dialect, Reply, WireEvent } from '@reprise/fake-provider';

export const DIALECTS: readonly Dialect[] = ['anthropic', 'openai-responses', 'openai-chat', 'google'];

export interface Said {
  readonly thinking?: string;
  readonly text?: string;
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: object }[];
  /** Stopped by the provider's filter. */
  readonly filtered?: boolean;
  /** Characters in a delta. */
  readonly delta?: number;
}

/** The events of one answer in a dialect's words. */
export function said(dialect: Dialect, { thinking, text, calls = [], filtered = false, delta = 8 }: Said): WireEvent[] {
  const common = { ...(text !== undefined && { text }), toolCalls: calls, delta };
  switch (dialect) {
    case 'anthropic':
      return anthropic.message({
        ...common,
        ...(thinking !== undefined && { thinking }),
        ...(filtered && { stop: 'refusal' }),
      });
    case 'openai-responses':
      return openaiResponses.message({
        ...common,
        ...(thinking !== undefined && { reasoning: { summary: [thinking] } }),
        ...(filtered && { status: 'incomplete', reason: 'content_filter' }),
      });
    case 'openai-chat':
      return openaiChat.message({
        ...common,
        ...(thinking !== undefined && { reasoning: thinking }),
        ...(filtered && { stop: 'content_filter' }),
      });
    case 'google':
      return google.message({
        ...common,
        ...(thinking !== undefined && { thinking }),
        ...(filtered && { stop: 'SAFETY' }),
      });
  }
}

type Trouble = 'overload' | 'rate-limit' | 'bad-request';

const WORDS: Readonly<Record<Dialect, Readonly<Record<Trouble, readonly [string, string]>>>> = {
  anthropic: {
    overload: ['overloaded_error', 'Overloaded'],
    'rate-limit': ['rate_limit_error', 'This request would exceed your rate limit'],
    'bad-request': ['invalid_request_error', 'messages.1: what is this?'],
  },
  'openai-responses': {
    overload: ['server_is_overloaded', 'Our servers are currently overloaded. Please try again later.'],
    'rate-limit': ['rate_limit_exceeded', 'Rate limit reached for gpt-5'],
    'bad-request': ['invalid_request_error', 'input[1]: what is this?'],
  },
  'openai-chat': {
    overload: ['overloaded', 'The engine is currently overloaded, please try again later'],
    'rate-limit': ['rate_limit_exceeded', 'Rate limit reached'],
    'bad-request': ['invalid_request_error', 'messages[1]: what is this?'],
  },
  google: {
    overload: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
    'rate-limit': ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
    'bad-request': ['INVALID_ARGUMENT', 'contents[1]: what is this?'],
  },
};
const STATUS: Readonly<Record<Trouble, number>> = { overload: 503, 'rate-limit': 429, 'bad-request': 400 };

/** An error event in mid-stream. */
export function errorEvent(dialect: Dialect, trouble: Trouble): WireEvent {
  const [type, text] = WORDS[dialect][trouble];
  switch (dialect) {
    case 'anthropic':
      return anthropic.error(type, text);
    case 'openai-responses':
      return openaiResponses.error(type, text);
    case 'openai-chat':
      return openaiChat.error(type, text);
    case 'google':
      return google.error(STATUS[trouble], type, text);
  }
}

/** A whole answer that is an error. */
export function failed(
  dialect: Dialect,
  status: number,
  [type, text]: readonly [string, string],
  headers: Readonly<Record<string, string>> = {},
): Reply {
  switch (dialect) {
    case 'anthropic':
      return { status, headers, body: anthropic.errorBody(type, text) };
    case 'openai-responses':
      return { status, headers, body: openaiResponses.errorBody(type, text, type) };
    case 'openai-chat':
      return { status, headers, body: openaiChat.errorBody(type, text, type) };
    case 'google':
      return { status, headers, body: google.errorBody(status, type, text) };
  }
}
