import type { ModelFailure, ResolvedModel } from '../contracts/model.ts';
import type { ToolCall } from '../contracts/turn.ts';
import type { Coded, ErrorCode } from '../errors.ts';
import { RepriseError, isCoded } from '../errors.ts';
import type { RawCall, Response } from '../model/accumulate.ts';
import { codeOf } from '../model/classify.ts';
import type { Part, StepRecord } from '../records/types.ts';
import type { State } from '../state/state.ts';
import { parseCall } from '../tools/prepare.ts';
import type { Took } from './took.ts';

export interface StepFacts {
  readonly turn: string;
  readonly state: State;
  readonly model: ResolvedModel;
  readonly at: string;
  readonly took: Took;
  readonly id: (kind: 'message' | 'call') => string;
}

/** The record of a whole response. */
export function wholeStep(response: Response, facts: StepFacts): StepRecord {
  const finish = response.finish;
  const reason = finish?.reason ?? 'other';
  const ids = callIds(response.calls, facts);
  const refused: [string, string][] = [];
  const toolCalls = response.calls.map((raw, i): ToolCall => {
    const id = ids[i] as string;
    const { params, problem } = parseCall(raw);
    const twin = raw.id !== '' && response.calls.findIndex((call) => call.id === raw.id) < i ? TWIN : undefined;
    const why = CUT[reason] ?? problem ?? twin ?? (raw.id === '' ? NAMELESS : undefined);
    if (why !== undefined) refused.push([id, why]);
    return { id, tool: raw.tool, params };
  });
  const parts = withIds(response.parts, ids);
  return {
    ...common(facts),
    content: response.content,
    ...(toolCalls.length > 0 && { toolCalls }),
    ...(parts !== undefined && { parts }),
    // From entries: an id may be any text, `__proto__` too.
    ...(refused.length > 0 && { refused: Object.fromEntries(refused) }),
    finishReason: reason,
    ...(finish?.raw !== undefined && { rawFinishReason: finish.raw }),
    ...facts.took,
  };
}

/** What was shown of a response that was cut short: its text, without calls. `undefined` where nothing was shown. */
export function partialStep(response: Response, facts: StepFacts): StepRecord | undefined {
  const parts = response.parts?.filter((part) => part.type === 'text' || part.type === 'reasoning');
  if (response.content === '' && !parts?.some((part) => part.type === 'reasoning')) return undefined;
  return {
    ...common(facts),
    content: response.content,
    ...(parts !== undefined && { parts }),
    finishReason: 'interrupted',
    ...facts.took,
  };
}

/** What is wrong with a stream that ended by itself. */
export function incomplete(response: Response): unknown {
  const reason = response.finish?.reason;
  if (reason === undefined || reason === 'interrupted' || reason === 'error') {
    if (response.error !== undefined) return response.error;
    // Providers that count "no finish at all" as an error name no reason of their own.
    if (reason === 'error' && response.finish?.raw !== undefined)
      return new RepriseError('PROVIDER', 'The model reported an error without a text.');
    return new RepriseError('NETWORK', 'The model’s answer ended before it was complete.', { hint: NETWORK_HINT });
  }
  if (reason === 'length' && isEmpty(response)) {
    return new RepriseError(
      'CONTEXT_LENGTH_EXCEEDED',
      'The answer was cut before its first word: the request left no room for one.',
    );
  }
  return undefined;
}

/** The provider counted the request and no token of an answer. */
function isEmpty({ content, parts = [], calls, finish }: Response): boolean {
  const { input = 0, output = 0 } = finish?.usage ?? {};
  return content === '' && parts.length === 0 && calls.length === 0 && input > 0 && output === 0;
}

/** The error that the caller gets for a failed model call. */
export function codedOf(
  failure: ModelFailure,
  cause: unknown,
  retryInMs: number | undefined,
  now: number,
  repaired = false,
): Coded {
  const code = codeOf(failure);
  // An error that is ours already says it best, unless there is a time to add.
  if (isCoded(cause) && retryInMs === undefined) return cause;
  const hint = repaired ? REPAIRED : (wrongAddress(failure, cause) ?? HINTS[code]);
  return new RepriseError(code, failure.message, {
    cause,
    ...(hint !== undefined && { hint }),
    ...(retryInMs !== undefined && { retryAt: new Date(now + retryInMs).toISOString() }),
    ...(failure.status !== undefined && { details: { status: failure.status } }),
  });
}

/** A 404 that speaks of no model is mostly a base URL with too much or too little in it. The address without what may be secret in it. */
function wrongAddress({ status, message }: ModelFailure, cause: unknown): string | undefined {
  if ((status !== 404 && status !== 405) || /model|endpoint/i.test(message)) return undefined;
  const url = (cause as { url?: unknown } | null)?.url;
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  return `Check the base URL: ${origin}${pathname} is no address of a model API. Else check the model’s name.`;
}

const REPAIRED =
  'The request was refused without its reasoning, older tool results and older messages too: edit or delete the newest message, or check the settings and the tools.';

const NETWORK_HINT = 'Check the connection and the base URL, then send the message again.';

const HINTS: Partial<Record<ErrorCode, string>> = {
  RATE_LIMIT: 'Wait, or use another model. The session is kept.',
  OVERLOADED: 'The provider is overloaded. Try again later; the session is kept.',
  AUTH: 'Check the key and the account of the provider.',
  MODEL_NOT_FOUND: 'Check the model’s name and that your account may use it.',
  CONTEXT_LENGTH_EXCEEDED: 'Send less at once, or use a model with a larger window.',
  NETWORK: NETWORK_HINT,
};

/** Calls of such a response are not run: nobody knows whether they are whole. */
const CUT: Readonly<Record<string, string | undefined>> = {
  length: 'Not run: the response was cut by the output limit before this call was complete. Make it shorter.',
  'content-filter': 'Not run: the response was stopped by a content filter.',
};

/** A call that its provider can't tell from another. */
const NAMELESS = 'Not run: the call came without an id. Call the tool again.';

/** Two calls that differ under one id: nobody knows which one was meant. */
const TWIN = 'Not run: another call of this response has the same id.';

function common(
  facts: StepFacts,
): Pick<StepRecord, 'type' | 'id' | 'role' | 'timestamp' | 'turn' | 'model' | 'provider'> {
  return {
    type: 'step',
    id: facts.id('message'),
    role: 'assistant',
    timestamp: facts.at,
    turn: facts.turn,
    model: facts.model.name,
    provider: facts.model.model.provider,
  };
}

/** Ids are the provider's where they can be told apart, else ours. */
function callIds(calls: readonly RawCall[], facts: StepFacts): string[] {
  if (calls.length === 0) return [];
  const used = new Set<string>();
  for (const { record } of facts.state.entries) {
    if (record.type === 'step') for (const call of record.toolCalls ?? []) used.add(call.id);
  }
  return calls.map(({ id: given }) => {
    const id = given === '' || used.has(given) ? facts.id('call') : given;
    used.add(id);
    return id;
  });
}

/** The n-th call part is the n-th call. */
function withIds(parts: readonly Part[] | undefined, ids: readonly string[]): readonly Part[] | undefined {
  let n = 0;
  return parts?.map((part) => (part.type === 'tool-call' ? { ...part, id: ids[n++] ?? part.id } : part));
}
