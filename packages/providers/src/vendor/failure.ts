import { RepriseError, classify, isCoded, type Coded, type ErrorCode, type ModelFailure } from '@reprise/core';
import type { ProviderSettings, ProviderSpec } from '../providers/spec.ts';
import { variablesOf } from '../settings.ts';

/** Codes of what a side request (a list, a count) can meet; what else a provider says is PROVIDER. */
const CODES: Partial<Record<ModelFailure['kind'], ErrorCode>> = {
  auth: 'AUTH',
  billing: 'AUTH',
  network: 'NETWORK',
  timeout: 'TIMEOUT',
  'rate-limit': 'RATE_LIMIT',
  overload: 'OVERLOADED',
  overflow: 'CONTEXT_LENGTH_EXCEEDED',
};

export interface Called {
  readonly spec: ProviderSpec;
  readonly settings: ProviderSettings;
}

/**
 * What went wrong in a request to a provider, as an error of ours without the key in it. `signal` is the caller's,
 * `deadline` ours.
 */
export function failureOf(
  error: unknown,
  { spec, settings }: Called,
  signal?: AbortSignal,
  deadline?: AbortSignal,
): Coded {
  const { id, baseURL } = settings;
  if (signal?.aborted) return new RepriseError('ABORTED', `The request to ${id} was aborted.`, { cause: error });
  if (deadline?.aborted)
    return new RepriseError('TIMEOUT', `${id} did not answer in time.`, {
      hint: `Is ${hostOf(baseURL)} reachable?`,
      cause: error,
    });
  if (isCoded(error)) return error;
  // The time matters to retry-after alone, which is not used here.
  const failure = classify(error, 0);
  const code = CODES[failure.kind] ?? 'PROVIDER';
  const status = failure.status === undefined ? '' : ` (${failure.status})`;
  const details = { provider: id, ...(failure.status !== undefined && { status: failure.status }) };
  const hint = hintOf(code, variablesOf(spec).join(' or ') || `providers.${id}.apiKey`, hostOf(baseURL));
  return new RepriseError(code, `${id}${status}: ${withoutKey(failure.message, settings)}`, {
    details,
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

function hintOf(code: ErrorCode, variables: string, host: string): string | undefined {
  if (code === 'AUTH') return `Check ${variables}.`;
  if (code === 'NETWORK' || code === 'TIMEOUT') return `Is ${host} reachable?`;
  return undefined;
}

/** Without user and password, which an address may hold. */
function hostOf(url: string): string {
  return new URL(url).host;
}

function withoutKey(text: string, { apiKey, authToken }: ProviderSettings): string {
  const credential = apiKey ?? authToken;
  const clean = credential === undefined ? text : text.replaceAll(credential, '[key]');
  return clean.slice(0, 500);
}
