import type { Coded } from '@reprise/core';
import type { ModelsOptions } from '../options.ts';
import { credentialProblem, hasOwnAddress, settingsOf, type Setup } from '../settings.ts';
import { failureOf, type Called } from '../vendor/failure.ts';

export interface LiveOptions extends ModelsOptions {
  /** Ends every request; `liveModels` then rejects with ABORTED. */
  readonly signal?: AbortSignal;
  /** Milliseconds that each provider has for its whole answer. Default 10,000. */
  readonly timeoutMs?: number;
  /** Milliseconds that a local server at its usual port has, where no address was given. Default 1,000. */
  readonly probeMs?: number;
}

/** What `run` gave, or why not. `sent` is false where nothing was asked because something is not set. */
export type Asked<T> = { readonly value: T } | { readonly error: Coded; readonly sent: boolean };

/** True for a server that is looked for at its usual place on loopback because nobody gave an address. */
export function isProbe(id: string, setup: Setup): boolean {
  const spec = setup.specs[id];
  return spec?.local === true && !hasOwnAddress(id, spec, setup);
}

/** One question to one provider, within its time. Never rejects. */
export async function ask<T>(
  id: string,
  setup: Setup,
  options: LiveOptions,
  run: (called: Called, signal: AbortSignal) => Promise<T>,
): Promise<Asked<T>> {
  const called = calledOf(id, setup);
  if ('error' in called) return { error: called.error, sent: false };
  const deadline = AbortSignal.timeout(isProbe(id, setup) ? (options.probeMs ?? 1_000) : (options.timeoutMs ?? 10_000));
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  try {
    signal.throwIfAborted();
    return { value: await run(called, signal) };
  } catch (error) {
    return { error: failureOf(error, called, options.signal, deadline), sent: true };
  }
}

function calledOf(id: string, setup: Setup): Called | { readonly error: Coded } {
  const spec = setup.specs[id];
  if (!spec) throw new Error(`no provider ${id}`);
  try {
    const settings = settingsOf(id, spec, setup);
    const error = credentialProblem(spec, settings);
    return error ? { error } : { spec, settings };
  } catch (error) {
    return { error: error as Coded };
  }
}
