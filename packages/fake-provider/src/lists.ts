import type { Dialect, RecordedRequest, Reply } from './script.ts';

interface ListedModel {
  readonly id: string;
  /** Tokens. */
  readonly window?: number;
  readonly output?: number;
  /** More fields, as one provider or another sends them. */
  readonly more?: object;
}

/** `GET /v1/models` of Anthropic, one page. */
function anthropic(models: readonly ListedModel[], hasMore = false): Reply {
  const data = models.map(({ id, window, output, more }) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
    max_input_tokens: window ?? null,
    max_tokens: output ?? null,
    ...more,
  }));
  return { body: { data, has_more: hasMore, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null } };
}

/** `GET /v1/models` of OpenAI and of servers that speak its API. */
function openai(models: readonly ListedModel[]): Reply {
  const data = models.map(({ id, more }) => ({
    id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'them',
    ...more,
  }));
  return { body: { object: 'list', data } };
}

/** `GET /v1beta/models` of Google, one page. */
function google(models: readonly ListedModel[], nextPageToken?: string): Reply {
  const rows = models.map(({ id, window, output, more }) => ({
    name: `models/${id}`,
    displayName: id,
    ...(window !== undefined && { inputTokenLimit: window }),
    ...(output !== undefined && { outputTokenLimit: output }),
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    ...more,
  }));
  return { body: { models: rows, ...(nextPageToken !== undefined && { nextPageToken }) } };
}

/** Model lists as each provider answers them. */
export const modelList = { anthropic, openai, google };

/** The answer of a counting request. */
export function tokenCount(dialect: 'anthropic' | 'openai-responses' | 'google', tokens: unknown): Reply {
  if (dialect === 'anthropic') return { body: { input_tokens: tokens } };
  if (dialect === 'google') return { body: { totalTokens: tokens } };
  return { body: { object: 'response.input_tokens', input_tokens: tokens } };
}

/** Fields that the counting requests take, from their reference pages. The real APIs refuse any other. */
const TAKEN: Partial<Record<Dialect, RegExp>> = {
  anthropic: /^(messages|model|system|tools|tool_choice|thinking|output_config|cache_control|speed)$/,
  'openai-responses':
    /^(conversation|input|instructions|model|parallel_tool_calls|previous_response_id|reasoning|text|tool_choice|tools|truncation)$/,
  google: /^(contents|generateContentRequest)$/,
};

/** Fields of a counting request that its API would refuse. */
export function strayFields({ dialect, json }: Pick<RecordedRequest, 'dialect' | 'json'>): string[] {
  const taken = TAKEN[dialect];
  return Object.keys(json ?? {}).filter((name) => !taken?.test(name));
}
