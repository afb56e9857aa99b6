import type Anthropic from '@anthropic-ai/sdk';
import type { ProviderSettings } from '../providers/spec.ts';
import { bearer, vendorFetch } from './fetch.ts';
import { withPackage } from './package.ts';

/** Anthropic's own client, told everything, so that no variable or profile of the machine decides. Nothing is retried. */
export async function anthropicClient(settings: ProviderSettings): Promise<Anthropic> {
  const { Anthropic } = await withPackage('@anthropic-ai/sdk', () => import('@anthropic-ai/sdk'));
  const { apiKey, authToken, baseURL } = settings;
  const auth = authToken === undefined ? { 'x-api-key': apiKey ?? '' } : bearer(authToken);
  return new Anthropic({
    ...(authToken === undefined ? { apiKey: apiKey ?? '' } : { authToken }),
    // Its paths begin with /v1.
    baseURL: baseURL.replace(/\/v\d+$/, ''),
    fetch: vendorFetch(settings, auth),
    maxRetries: 0,
    logLevel: 'off',
    openTelemetry: false,
  });
}
