import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { headerPairs } from '../vendor/fetch.ts';
import type { Counted } from './counter.ts';

/** A request as the AI SDK would have sent it. */
export interface CapturedRequest {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whose rules the body follows, where the API goes by headers: `anthropic-version` and `anthropic-beta`. */
  readonly versions: Readonly<Record<string, string>>;
}

/** What is counted. */
export type CountedCall = Pick<LanguageModelV4CallOptions, 'prompt' | 'tools'>;

/**
 * The request that a call would send, from the AI SDK's own conversion, so that what is counted is what would
 * be billed. Nothing is sent: the `fetch` that the SDK gets keeps the request and fails.
 */
export async function captured(model: Counted, options: CountedCall): Promise<CapturedRequest> {
  const { spec, settings, modelId, info } = model;
  let kept: CapturedRequest | undefined;
  const keep: typeof fetch = (input, init) => {
    const versions = [...headerPairs(init?.headers)].filter(([name]) => /^anthropic-(version|beta)$/.test(name));
    // The SDK's own text a moment ago, so there is nothing to check.
    const body = JSON.parse(String(init?.body)) as CapturedRequest['body'];
    kept = { url: String(input), body, versions: Object.fromEntries(versions) };
    return Promise.reject(new Error('captured'));
  };
  const make = await spec.load({ ...settings, fetch: keep });
  const failed: unknown = await make(modelId)
    .doStream(spec.prepare ? spec.prepare(options, info) : options)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (kept) return kept;
  throw failed;
}
