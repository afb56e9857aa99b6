import { RepriseError, type Coded } from '@reprise/core';
import { setupOf } from '../settings.ts';
import { ask, type LiveOptions } from './ask.ts';
import { listerOf } from './listers.ts';

/** `error.code`: AUTH = missing or refused, NETWORK or TIMEOUT = not reached; else what the provider says, or what is not installed. */
export type KeyCheck = { readonly ok: true } | { readonly ok: false; readonly error: Coded };

/**
 * Whether `provider` takes its key, by one cheap request that needs it (the model list). Nothing is sent where the key is
 * missing. INVALID_INPUT (thrown) for a provider that is not known.
 */
export async function checkKey(provider: string, options: LiveOptions = {}): Promise<KeyCheck> {
  const setup = setupOf(options);
  if (!Object.hasOwn(setup.specs, provider))
    throw new RepriseError('INVALID_INPUT', `No provider is called ${JSON.stringify(provider)}.`, {
      hint: `Known providers: ${Object.keys(setup.specs).join(', ')}.`,
    });
  const answer = await ask(provider, setup, options, async ({ spec, settings }, signal) => {
    if (spec.keyPath === undefined) return listerOf(spec)(settings, signal, 1);
    const { openaiClient } = await import('../vendor/openai.ts');
    return (await openaiClient(settings)).get(spec.keyPath, { signal });
  });
  return 'value' in answer ? { ok: true } : { ok: false, error: answer.error };
}
