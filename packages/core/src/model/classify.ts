import type { ModelFailure } from '../contracts/model.ts';
import type { ErrorCode } from '../errors.ts';
import { isCoded } from '../errors.ts';
import { masked } from '../keys.ts';
import { saidIn } from './said.ts';

/**
 * Texts that providers use; the first that matches decides where the status alone does not. Rate limits come first: some speak of tokens and
 * of a prompt that is too long for a minute, and a prune would not help.
 */
const TEXTS: readonly (readonly [RegExp, ModelFailure['kind']])[] = [
  [
    /rate[_ -]?limit|too many requests|resource[_ ](has been )?exhausted|quota exceeded|(tokens|requests) per (min|day)|throttl|too many tokens, please wait|exceeded your usage limits/i,
    'rate-limit',
  ],
  [
    /prompt is too long|context[_ ]length|context window|context limit|context shift is disabled|context size (has been )?exceeded|available context size|exceeded model token limit|maximum context|too many tokens in (the )?prompt|input (is|length).{0,40}(too long|exceed)|exceeds? the (maximum|max|model'?s?).{0,40}(tokens|context)|reduce the length|request_too_large|token count.{0,40}exceeds|input token(s| count).{0,60}(exceed|maximum)|maximum prompt length|exceeds the limit of \d+ tokens|model_max_prompt_tokens|n_ctx|prompt too long|larger than the maximum/i,
    'overflow',
  ],
  [
    /credit balance|insufficient[_ ](quota|funds|balance|credits)|billing|payment required|out of credits|exceeded your current quota/i,
    'billing',
  ],
  [
    /overloaded|server_is_overloaded|at capacity|capacity constraints|service unavailable|temporarily unavailable|engine is currently|(internal[_ ])?server[_ ]error|api_error/i,
    'overload',
  ],
  [
    /invalid[_ x-]*api[_ -]?key|incorrect api key|authentication|unauthorized|permission[_ ]denied|api key not valid|not authorized|forbidden/i,
    'auth',
  ],
  [
    /model[_ ]not[_ ](found|exist)|not_found_error.{0,80}model|(unknown|invalid)[_ ]model|model identifier is invalid|model .{0,80}(does not exist|not found|not supported)|not have access to (the )?model|not a valid model|no such model/i,
    'unknown-model',
  ],
  [/content[_ ](filter|policy|management)|safety|flagged|prohibited_content|refusal/i, 'content-filter'],
  [/timed? ?out|timeout/i, 'timeout'],
  [
    /fetch failed|socket|econn|enotfound|eai_again|epipe|network|terminated|premature|other side closed|connection|aborted|ended without a finish/i,
    'network',
  ],
];

const RETRYABLE: ReadonlySet<ModelFailure['kind']> = new Set([
  'rate-limit',
  'overload',
  'network',
  'timeout',
  'protocol',
]);

const CODES: Readonly<Record<ModelFailure['kind'], ErrorCode>> = {
  'rate-limit': 'RATE_LIMIT',
  overload: 'OVERLOADED',
  network: 'NETWORK',
  timeout: 'TIMEOUT',
  overflow: 'CONTEXT_LENGTH_EXCEEDED',
  auth: 'AUTH',
  billing: 'AUTH',
  'content-filter': 'CONTENT_FILTER',
  'unknown-model': 'MODEL_NOT_FOUND',
  'bad-request': 'PROVIDER',
  protocol: 'PROVIDER',
};

/** Codes without a kind of their own. Nobody can be asked under such a name or address, however often one tries. */
const LIKE: Partial<Record<ErrorCode, ModelFailure['kind']>> = {
  INVALID_INPUT: 'unknown-model',
  UNSUPPORTED: 'unknown-model',
};

export function codeOf(failure: ModelFailure): ErrorCode {
  return CODES[failure.kind];
}

/** What kind of failure a thrown error or an error part is. Pure but for `now`, which an HTTP date in retry-after is read against. */
export function classify(error: unknown, now: number): ModelFailure {
  const facts = factsOf(error);
  const kind = kindOf(facts);
  const wait = kind === 'rate-limit' || kind === 'overload' ? toldIn(facts.text) : undefined;
  const retryAfterMs = retryAfter(facts.headers, now) ?? wait;
  return {
    kind,
    message: masked(facts.message),
    // A request that is larger than what a minute allows fails again however long one waits.
    retryable: RETRYABLE.has(kind) && !/request too large/i.test(facts.text),
    ...(facts.status !== undefined && { status: facts.status }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

interface Facts {
  readonly message: string;
  readonly text: string;
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly coded?: ErrorCode;
}

function factsOf(error: unknown): Facts {
  if (typeof error !== 'object' || error === null) return { message: String(error), text: String(error), headers: {} };
  const at = error as Record<string, unknown>;
  const nested =
    typeof at['error'] === 'object' && at['error'] !== null ? (at['error'] as Record<string, unknown>) : {};
  const message = [at['message'], nested['message'], at['type']].find(
    (text) => typeof text === 'string' && text !== '',
  );
  const status = [at['statusCode'], at['status'], nested['status'], nested['code']].find(
    // What failed after a good status failed for another reason: its connection broke.
    (value) => typeof value === 'number' && value >= 400 && value < 600,
  );
  const causes = causesOf(error);
  const words = [
    message,
    at['type'],
    at['code'],
    nested['message'],
    nested['type'],
    nested['code'],
    nested['status'],
    at['responseBody'],
    jsonOf(at['data']),
    ...causes,
  ];
  // The provider's own words say it best; where there are none, whatever lies below.
  const told = typeof status === 'number' || causes.length === 0 || isCoded(error);
  const coded = codedIn(error);
  return {
    // Never the whole of an error: some hold the request, and with it the conversation.
    message: [
      withBody(message as string | undefined, at['responseBody']) ??
        (typeof status === 'number' ? `HTTP ${status}` : jsonOf(error)),
      ...(told ? [] : causes),
    ]
      .join(': ')
      .slice(0, 2000),
    text: words.filter((word) => typeof word === 'string').join(' '),
    ...(typeof status === 'number' && { status }),
    headers: (at['responseHeaders'] as Record<string, string> | undefined) ?? {},
    ...(coded !== undefined && { coded }),
  };
}

/** Longer than any status text. */
const SHORT = 40;

/** The AI SDK says no more than the status where it can't read the body: "Bad Request". */
function withBody(message: string | undefined, body: unknown): string | undefined {
  if (typeof body !== 'string' || (message?.length ?? 0) > SHORT) return message;
  const said = saidIn(body);
  if (said === undefined || message === undefined || said.includes(message)) return said ?? message;
  return message.includes(said) ? message : `${message}: ${said}`;
}

/** The code of an error of ours, also where somebody wrapped it. */
function codedIn(error: unknown): ErrorCode | undefined {
  for (let depth = 0, at = error; depth <= DEPTH && at instanceof Error; depth += 1, at = at.cause)
    if (isCoded(at)) return at.code;
  return undefined;
}

/** Errors are wrapped, by the AI SDK twice: what happened is said at the bottom. */
const DEPTH = 5;

function causesOf(error: object): string[] {
  const found: string[] = [];
  let cause = (error as { cause?: unknown }).cause;
  for (let depth = 0; depth < DEPTH && cause instanceof Error; depth += 1) {
    const { code } = cause as { code?: unknown };
    found.push([cause.message, ...(typeof code === 'string' ? [code] : [])].filter((text) => text !== '').join(' '));
    cause = cause.cause;
  }
  return found.filter((text) => text !== '');
}

function kindOf({ status, text, coded }: Facts): ModelFailure['kind'] {
  if (coded !== undefined) {
    const kind = Object.entries(CODES).find(([, code]) => code === coded)?.[0] ?? LIKE[coded];
    // One of ours that speaks of no provider: whoever made it knows that another try gives the same.
    return (kind as ModelFailure['kind'] | undefined) ?? 'bad-request';
  }
  const byText = TEXTS.find(([pattern]) => pattern.test(text))?.[1];
  switch (status) {
    case undefined:
      return byText ?? 'protocol';
    case 401:
      return 'auth';
    case 402:
      return 'billing';
    case 403:
      return byText === 'billing' || byText === 'unknown-model' ? byText : 'auth';
    case 404:
      return 'unknown-model';
    case 408:
    case 504:
      return 'timeout';
    case 413:
      return byText === 'rate-limit' ? 'rate-limit' : 'overflow';
    case 429:
      return byText === 'billing' || byText === 'overload' ? byText : 'rate-limit';
    case 503:
    case 529:
      return 'overload';
    default:
      if (status >= 500) return byText === 'overflow' || byText === 'rate-limit' ? byText : 'overload';
      return byText === 'overflow' ||
        byText === 'billing' ||
        byText === 'content-filter' ||
        byText === 'auth' ||
        byText === 'unknown-model' ||
        byText === 'rate-limit'
        ? byText
        : 'bad-request';
  }
}

/** `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. What is no time is passed over. */
function retryAfter(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const ms = number(headers['retry-after-ms']);
  if (ms !== undefined) return Math.min(ms, YEAR_MS);
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const seconds = number(text);
  if (seconds !== undefined) return Math.min(seconds * 1000, YEAR_MS);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), YEAR_MS);
}

/** Nobody means more, and a time that no calendar holds could not be told. */
const YEAR_MS = 365 * 86_400_000;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "Please try again in 1m2.5s": some tell the time in the text alone. */
function toldIn(text: string): number | undefined {
  const told = /(?:retry|try again) in ((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)/i.exec(text)?.[1];
  if (told === undefined) return undefined;
  let sum = 0;
  for (const [, value, unit] of told.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/gi))
    sum += Number(value) * (UNITS[String(unit).toLowerCase()] ?? 0);
  return Math.ceil(sum);
}

function number(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '';
  }
}
