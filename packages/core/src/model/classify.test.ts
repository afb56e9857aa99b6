import { expect, test } from 'vitest';
import type { ModelFailure } from '../contracts/model.ts';
import { RepriseError } from '../errors.ts';
import { classify, codeOf } from './classify.ts';

const NOW = Date.UTC(2026, 0, 1);
type Case = readonly [provider: string, status: number, message: string, kind: ModelFailure['kind'], code?: string];

/** What providers say, word for word (ids and accounts shortened): from their documentation and from reports in public issue trackers. */
const SAID: readonly Case[] = [
  // Too long for the model
  ['Anthropic', 400, 'prompt is too long: 214850 tokens > 200000 maximum', 'overflow', 'invalid_request_error'],
  [
    'Anthropic',
    400,
    'input length and `max_tokens` exceed context limit: 196395 + 64000 > 204698, decrease input length or `max_tokens` and try again',
    'overflow',
  ],
  ['Anthropic', 413, 'Request exceeds the maximum allowed number of bytes', 'overflow', 'request_too_large'],
  [
    'OpenAI',
    400,
    "This model's maximum context length is 4097 tokens. However, your messages resulted in 35569 tokens. Please reduce the length of the messages.",
    'overflow',
    'context_length_exceeded',
  ],
  [
    'OpenAI',
    400,
    "This model's maximum context length is 8191 tokens, however you requested 10346 tokens (10346 in your prompt; 5 for the completion). Please reduce your prompt; or completion length.",
    'overflow',
  ],
  [
    'OpenAI Responses',
    400,
    'Your input exceeds the context window of this model. Please adjust your input and try again.',
    'overflow',
    'context_length_exceeded',
  ],
  [
    'Google',
    400,
    'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
    'overflow',
    'INVALID_ARGUMENT',
  ],
  ['Amazon Bedrock', 400, 'Input is too long for requested model.', 'overflow'],
  [
    'Amazon Bedrock',
    400,
    'The model returned the following errors: prompt is too long: 903884 tokens > 200000 maximum',
    'overflow',
  ],
  ['xAI', 400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 'overflow'],
  ['Groq', 400, 'Please reduce the length of the messages or completion.', 'overflow', 'context_length_exceeded'],
  [
    'OpenRouter',
    400,
    'This endpoint\'s maximum context length is 65536 tokens. However, you requested about 92208 tokens (60833 of text input, 10042 of tool input, 21333 in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.',
    'overflow',
  ],
  ['OpenRouter', 400, 'Input length 131393 exceeds the maximum allowed input length of 131040 tokens.', 'overflow'],
  [
    'vLLM',
    400,
    "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 2104 input tokens (2000 > 4096 - 2104).",
    'overflow',
  ],
  [
    'vLLM',
    400,
    "This model's maximum context length is 262144 tokens. However, you requested 0 output tokens and your prompt contains at least 262145 input tokens, for a total of at least 262145 tokens. Please reduce the length of the input prompt or the number of requested output tokens. (parameter=input_tokens, value=262145)",
    'overflow',
  ],
  ['SGLang', 400, "Input length (265330) exceeds model's maximum context length (262144).", 'overflow'],
  [
    'llama.cpp',
    400,
    'the request exceeds the available context size, try increasing it',
    'overflow',
    'exceed_context_size_error',
  ],
  ['llama.cpp', 500, 'context shift is disabled', 'overflow'],
  [
    'LM Studio',
    400,
    'The number of tokens to keep from the initial prompt is greater than the context length',
    'overflow',
  ],
  ['LM Studio (MLX)', 400, 'Context size has been exceeded', 'overflow'],
  [
    'GitHub Copilot',
    400,
    'prompt token count of 140212 exceeds the limit of 128000',
    'overflow',
    'model_max_prompt_tokens_exceeded',
  ],
  ['MiniMax', 400, 'invalid params, context window exceeds limit', 'overflow'],
  ['Moonshot', 400, 'Your request exceeded model token limit: 262144 (requested: 291351)', 'overflow'],
  [
    'Mistral',
    400,
    'Prompt contains 140000 tokens and 0 draft tokens, too large for model with 131072 maximum context length',
    'overflow',
  ],
  // Rate limits, also those that speak of tokens and prompts
  [
    'Anthropic',
    429,
    "This request would exceed your organization's rate limit of 30,000 input tokens per minute (org: x, model: claude-sonnet-4-6). For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later.",
    'rate-limit',
    'rate_limit_error',
  ],
  [
    'Anthropic',
    429,
    'This request would exceed the rate limit for your organization (x) of 20,000 input tokens per minute. For details, refer to: https://docs.anthropic.com/en/api/rate-limits. You can see the response headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later. You may also contact sales at https://www.anthropic.com/contact-sales to discuss your options for a rate limit increase.',
    'rate-limit',
  ],
  [
    'OpenAI',
    429,
    'Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 30601. The input or output tokens must be reduced in order to run successfully. Visit https://platform.openai.com/account/rate-limits to learn more.',
    'rate-limit',
    'rate_limit_exceeded',
  ],
  [
    'Groq',
    413,
    'Request too large for model `llama-3.1-70b-versatile` in organization `org_x` on tokens per minute (TPM): Limit 6000, Requested 14368, please reduce your message size and try again. Visit https://console.groq.com/docs/rate-limits for more information.',
    'rate-limit',
    'rate_limit_exceeded',
  ],
  [
    'Groq',
    429,
    'Rate limit reached for model `llama-3.1-8b-instant` in organization `org_x` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try again in 4.77s. Need more tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing',
    'rate-limit',
    'rate_limit_exceeded',
  ],
  ['Amazon Bedrock', 429, 'Too many tokens, please wait before trying again.', 'rate-limit', 'ThrottlingException'],
  [
    'Google',
    429,
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.',
    'rate-limit',
    'RESOURCE_EXHAUSTED',
  ],
  ['Google', 429, 'Resource has been exhausted (e.g. check quota).', 'rate-limit', 'RESOURCE_EXHAUSTED'],
  [
    'Google Vertex',
    429,
    'Resource exhausted. Please try again later. Please refer to https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details.',
    'rate-limit',
  ],
  ['Cerebras', 429, 'Tokens per minute limit exceeded - too many tokens processed.', 'rate-limit'],
  [
    'Moonshot',
    429,
    "We're receiving too many requests at the moment. Please wait a moment and try again.",
    'rate-limit',
    'rate_limit_reached_error',
  ],
  [
    'Moonshot',
    429,
    'Your account x / proj-x <ak-x> request reached project TPM rate limit, current: 1410, limit: 100, see https://platform.moonshot.cn/docs/pricing/limits',
    'rate-limit',
  ],
  [
    'Fireworks',
    429,
    'You have exceeded your usage limits. Please try again later or contact Fireworks to explore dedicated capacity.',
    'rate-limit',
  ],
  ['Baidu Qianfan', 429, 'Rate limit reached for TPM', 'rate-limit'],
  // Busy
  ['Anthropic', 529, 'Overloaded', 'overload', 'overloaded_error'],
  ['OpenAI', 503, 'That model is currently overloaded with other requests.', 'overload', 'server_error'],
  [
    'OpenAI Responses',
    503,
    'Our servers are currently overloaded. Please try again later.',
    'overload',
    'server_is_overloaded',
  ],
  ['Google', 503, 'The model is overloaded. Please try again later.', 'overload', 'UNAVAILABLE'],
  [
    'Moonshot',
    429,
    'The engine is currently overloaded, please try again later',
    'overload',
    'engine_overloaded_error',
  ],
  // Money
  [
    'Anthropic',
    400,
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    'billing',
    'invalid_request_error',
  ],
  [
    'OpenAI',
    429,
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
    'billing',
    'insufficient_quota',
  ],
  ['DeepSeek', 402, 'Insufficient Balance', 'billing', 'invalid_request_error'],
  // Keys
  ['Anthropic', 401, 'invalid x-api-key', 'auth', 'authentication_error'],
  [
    'OpenAI',
    401,
    'Incorrect API key provided: sk-x. You can find your API key at https://platform.openai.com/account/api-keys.',
    'auth',
    'invalid_api_key',
  ],
  ['Google', 400, 'API key not valid. Please pass a valid API key.', 'auth', 'INVALID_ARGUMENT'],
  // Models
  ['Anthropic', 404, 'model: claude-9', 'unknown-model', 'not_found_error'],
  [
    'OpenAI',
    404,
    'The model `gpt-4o-2024-08-06` does not exist or you do not have access to it.',
    'unknown-model',
    'model_not_found',
  ],
  ['OpenAI', 403, 'Project `proj_x` does not have access to model `gpt-4o`', 'unknown-model', 'model_not_found'],
  ['Ollama', 404, "model 'llama3' not found", 'unknown-model', 'not_found_error'],
  [
    'Google',
    404,
    'models/gemini-pro is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.',
    'unknown-model',
    'NOT_FOUND',
  ],
  ['OpenRouter', 404, 'No endpoints found for stepfun/step-3.5-flash:free.', 'unknown-model'],
  ['vLLM', 404, 'The model `Qwen1.5-14B-Chat-GPTQ-Int8` does not exist.', 'unknown-model', 'NotFoundError'],
  [
    'Groq',
    404,
    'The model `llama3.1-405b` does not exist or you do not have access to it.',
    'unknown-model',
    'model_not_found',
  ],
  ['DeepSeek', 400, 'Model Not Exist', 'unknown-model', 'invalid_request_error'],
  ['Mistral', 400, 'Invalid model: mistral-medium-3.5', 'unknown-model', 'invalid_model'],
  ['GitHub Copilot', 400, 'The requested model is not supported.', 'unknown-model', 'model_not_supported'],
  ['Amazon Bedrock', 400, 'The provided model identifier is invalid.', 'unknown-model'],
  [
    'LiteLLM',
    400,
    '/chat/completions: Invalid model name passed in model=ollama/deepseek-r1:latest. Call `/v1/models` to view available models for your key.',
    'unknown-model',
  ],
  // Filters
  [
    'Azure OpenAI',
    400,
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
    'content-filter',
    'content_filter',
  ],
  // Anything else that is our fault
  [
    'Amazon Bedrock',
    400,
    'Invocation of model ID anthropic.claude-sonnet-4-20250514-v1:0 with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.',
    'bad-request',
  ],
  [
    'Google',
    400,
    'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
    'bad-request',
    'INVALID_ARGUMENT',
  ],
];

const CASES = SAID.map(([provider, status, message, kind, code]) => ({ provider, status, message, kind, code }));
const RETRIED: readonly ModelFailure['kind'][] = ['rate-limit', 'overload', 'network', 'timeout', 'protocol'];

test('the table holds 50 texts of 15 providers and more', () => {
  expect(SAID.length).toBeGreaterThanOrEqual(50);
  expect(new Set(SAID.map(([provider]) => provider)).size).toBeGreaterThanOrEqual(15);
});

test.each(CASES)('$provider, $status: $message → $kind', ({ status, message, kind, code }) => {
  const responseBody = JSON.stringify({ error: { message, ...(code !== undefined && { type: code, code }) } });
  const failure = classify(Object.assign(new Error(message), { statusCode: status, responseBody }), NOW);
  expect(failure).toMatchObject({ kind, message, status });
  expect(failure.retryable).toBe(RETRIED.includes(kind) && !message.startsWith('Request too large'));
});

// In mid-stream there is no status, only the text and perhaps a type.
test.each(CASES.filter(({ kind, status }) => kind !== 'bad-request' && status !== 404))(
  '$provider in mid-stream (otherwise $status): $message → $kind',
  ({ message, kind, code }) => {
    const error = { message, ...(code !== undefined && { type: code }) };
    expect(classify({ type: 'error', error }, NOW)).toMatchObject({ kind, message });
    expect(classify(error, NOW).kind).toBe(kind);
    if (kind !== 'overflow') expect(classify(message, NOW).kind).not.toBe('overflow');
  },
);

test.each<[string, unknown, ModelFailure['kind']]>([
  [
    'undici',
    Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:11434'), { code: 'ECONNREFUSED' }),
    }),
    'network',
  ],
  ['the AI SDK', new Error('Cannot connect to API: getaddrinfo ENOTFOUND api.example.org'), 'network'],
  [
    'a cut body',
    Object.assign(new TypeError('terminated'), {
      cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
    }),
    'network',
  ],
  ['node:http', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), 'network'],
  ['node:http with a code alone', Object.assign(new Error(''), { code: 'ECONNRESET' }), 'network'],
  [
    'slow headers',
    Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('Headers Timeout Error'), { code: 'UND_ERR_HEADERS_TIMEOUT' }),
    }),
    'timeout',
  ],
  [
    'the AI SDK, of a connection that broke in mid-answer',
    Object.assign(new Error('Failed to process successful response'), {
      statusCode: 200,
      cause: Object.assign(new TypeError('terminated'), {
        cause: Object.assign(new Error('aborted'), { code: 'ECONNRESET' }),
      }),
    }),
    'network',
  ],
  [
    'the AI SDK, of a connection that fell silent',
    Object.assign(new Error('Failed to process successful response'), {
      statusCode: 200,
      cause: Object.assign(new TypeError('terminated'), {
        cause: Object.assign(new Error('No byte came for 120 s.'), { code: 'ETIMEDOUT' }),
      }),
    }),
    'timeout',
  ],
  ['an answer without its end', new Error('Response stream ended without a finish reason.'), 'network'],
  ['AbortSignal.timeout', new DOMException('The operation was aborted due to timeout', 'TimeoutError'), 'timeout'],
  ['a gateway', Object.assign(new Error('Gateway Timeout'), { statusCode: 504 }), 'timeout'],
  ['a proxy', Object.assign(new Error('Bad Gateway'), { statusCode: 502 }), 'overload'],
  [
    'a server that broke',
    Object.assign(new Error('The server had an error while processing your request. Sorry about that!'), {
      statusCode: 500,
    }),
    'overload',
  ],
  ['our own error', new RepriseError('NETWORK', 'cut'), 'network'],
  ['a missing key', new RepriseError('AUTH', 'no key'), 'auth'],
  ['a bug', new TypeError('x is not a function'), 'protocol'],
  ['text', 'what?', 'protocol'],
  ['nothing', undefined, 'protocol'],
  ['an empty object', {}, 'protocol'],
])('an error of %s', (_name, error, kind) => {
  expect(classify(error, NOW).kind).toBe(kind);
});

test('a status inside of an error part counts, and a provider’s own number does not', () => {
  expect(classify({ error: { code: 429, message: 'x', status: 'RESOURCE_EXHAUSTED' } }, NOW)).toMatchObject({
    kind: 'rate-limit',
    status: 429,
  });
  expect(classify({ error: { code: 1301, message: 'x' } }, NOW)).not.toHaveProperty('status');
});

test.each<[string, number | undefined]>([
  ['Please try again in 4.77s.', 4770],
  ['Please try again in 20ms.', 20],
  ['Please try again in 6m0s.', 360_000],
  ['Please try again in 1h2m3.5s.', 3_723_500],
  ['Please retry in 25.9s', 25_900],
  ['Please try again later', undefined],
])('a time in the text alone: %s', (text, ms) => {
  expect(classify(new Error(`Rate limit reached. ${text}`), NOW).retryAfterMs).toBe(ms);
});

test('a time in the headers counts more than one in the text', () => {
  const error = Object.assign(new Error('Rate limit reached. Please try again in 4s'), {
    statusCode: 429,
    responseHeaders: { 'retry-after': '9' },
  });
  expect(classify(error, NOW).retryAfterMs).toBe(9000);
});

test('what lies below is said where there is no answer of the provider, and only there', () => {
  const cause = Object.assign(new TypeError('terminated'), { cause: new Error('other side closed') });
  const broken = Object.assign(new Error('Failed to process successful response'), { statusCode: 200, cause });
  expect(classify(broken, NOW)).toMatchObject({
    kind: 'network',
    retryable: true,
    message: 'Failed to process successful response: terminated: other side closed',
  });
  expect(classify(broken, NOW)).not.toHaveProperty('status');
  const said = Object.assign(new Error('no'), { statusCode: 400, cause });
  expect(classify(said, NOW).message).toBe('no');
  const circle = new Error('round');
  circle.cause = circle;
  expect(classify(circle, NOW).kind).toBe('protocol');
});

test.each<[string, number, string, string, string]>([
  [
    'a page',
    502,
    'Bad Gateway',
    '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>',
    '502 Bad Gateway nginx',
  ],
  ['text', 400, 'Bad Request', 'upstream exploded', 'Bad Request: upstream exploded'],
  ['JSON of another shape', 422, '', '{"detail":[{"msg":"field required"}]}', 'field required'],
  ['the same again', 401, 'invalid x-api-key', '{"error":{"message":"invalid x-api-key"}}', 'invalid x-api-key'],
  ['nothing', 503, '', '', 'HTTP 503'],
])('what a body says that the SDK could not read is told: %s', (_body, statusCode, message, responseBody, told) => {
  expect(classify(Object.assign(new Error(message), { statusCode, responseBody }), NOW).message).toBe(told);
});

test('an error of ours counts by its code, also where the AI SDK wrapped it', () => {
  for (const [code, kind] of [
    ['UNSUPPORTED', 'unknown-model'],
    ['INVALID_INPUT', 'unknown-model'],
    ['PROVIDER', 'bad-request'],
  ] as const) {
    const wrapped = Object.assign(new Error('Failed to process successful response'), {
      cause: new RepriseError(code, 'why'),
    });
    expect(classify(wrapped, NOW)).toMatchObject({ kind, retryable: false });
    expect(classify(wrapped, NOW).message).toContain('why');
  }
});

test('every kind has a code', () => {
  for (const kind of new Set(SAID.map(([, , , each]) => each)))
    expect(codeOf({ kind, message: '', retryable: false })).toMatch(/^[A-Z_]+$/);
});
