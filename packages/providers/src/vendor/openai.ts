import type OpenAI from 'openai';
import type { ProviderSettings } from '../providers/spec.ts';
import { bearer, vendorFetch } from './fetch.ts';
import { withPackage } from './package.ts';

/** OpenAI's own client, for its API and for servers that speak it, told everything. Nothing is retried. */
export async function openaiClient(settings: ProviderSettings): Promise<OpenAI> {
  const { OpenAI } = await withPackage('openai', () => import('openai'));
  return new OpenAI({
    // Never sent where there is none (see vendorFetch); absent, the client would look for another one.
    apiKey: settings.apiKey ?? 'none',
    adminAPIKey: null,
    organization: null,
    project: null,
    baseURL: settings.baseURL,
    fetch: vendorFetch(settings, bearer(settings.apiKey)),
    maxRetries: 0,
    logLevel: 'off',
  });
}
