import { RepriseError, isCoded } from '../errors.ts';
import { fromJson, toJson } from './json.ts';

/** An error as a cassette keeps it: what a retry decision looks at. Not the request that it may hold. */
export interface Failure {
  readonly name?: string;
  readonly message?: string;
  /** Of Reprise's closed set where `coded`, else the system's. */
  readonly code?: string | number;
  readonly coded?: true;
  readonly hint?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly data?: unknown;
  readonly retryable?: boolean;
  readonly cause?: Failure;
  /** What was thrown or sent is no `Error`. */
  readonly value?: unknown;
}

/** Headers of an answer that are kept; the others may name an account. */
const KEPT = ['retry-after', 'retry-after-ms'];
/** Errors are wrapped, by the AI SDK twice. */
const DEPTH = 5;
const LONGEST = 20_000;
export function failureOf(error: unknown, depth = 0): Failure {
  if (!(error instanceof Error)) return { value: toJson(error) };
  const { statusCode, status, responseHeaders, responseBody, isRetryable, code, data } = error as Error & Facts;
  const found = statusCode ?? status;
  const headers = Object.fromEntries(
    Object.entries(responseHeaders ?? {}).filter(([name]) => KEPT.includes(name.toLowerCase())),
  );
  return {
    name: error.name,
    message: error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(isCoded(error) && { coded: true as const, ...(error.hint !== undefined && { hint: error.hint }) }),
    ...(typeof found === 'number' && { status: found }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(typeof responseBody === 'string' && { body: responseBody.slice(0, LONGEST) }),
    ...(data !== undefined && { data: toJson(data) }),
    ...(typeof isRetryable === 'boolean' && { retryable: isRetryable }),
    ...(error.cause instanceof Error && depth < DEPTH && { cause: failureOf(error.cause, depth + 1) }),
  };
}

/** An error that is classified as the recorded one was. */
export function errorOf(failure: Failure): unknown {
  const { name, message = '', code, coded, hint, status, headers, body, data, retryable, cause } = failure;
  if ('value' in failure) return fromJson(failure.value);
  const below = cause === undefined ? {} : { cause: errorOf(cause) };
  if (coded)
    return new RepriseError(code as RepriseError['code'], message, { ...below, ...(hint !== undefined && { hint }) });
  return Object.assign(new Error(message, below), {
    ...(name !== undefined && { name }),
    ...(code !== undefined && { code }),
    ...(status !== undefined && { statusCode: status }),
    ...(headers !== undefined && { responseHeaders: headers }),
    ...(body !== undefined && { responseBody: body }),
    ...(data !== undefined && { data: fromJson(data) }),
    ...(retryable !== undefined && { isRetryable: retryable }),
  });
}

interface Facts {
  readonly statusCode?: number;
  readonly status?: unknown;
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  readonly isRetryable?: boolean;
  readonly code?: unknown;
  readonly data?: unknown;
}
