import type { ModelInfo } from '@reprise/core';
import type { Setup } from '../settings.ts';
import { ask } from './ask.ts';
import { listerOf } from './listers.ts';

/** A model call may follow at once, and the server is near. */
const PATIENCE_MS = 1_000;
/** Share of the window that an answer may take where nobody knows better. */
const ANSWER = 1 / 4;

/**
 * `assumed` with the window that a local server names for its model (vLLM and llama-server do): what it was started with, which no catalogue
 * can know. A server that has one model only answers with it under any name. Unchanged where it names none or doesn't answer.
 */
export async function localInfo(id: string, model: string, assumed: ModelInfo, setup: Setup): Promise<ModelInfo> {
  const patience = { ...setup.options, timeoutMs: PATIENCE_MS, probeMs: PATIENCE_MS };
  const answer = await ask(id, setup, patience, ({ spec, settings }, signal) => listerOf(spec)(settings, signal));
  if (!('value' in answer)) return assumed;
  const { value: models } = answer;
  const window = (models.find((each) => each.id === model) ?? (models.length === 1 ? models[0] : undefined))
    ?.contextWindow;
  if (window === undefined) return assumed;
  const output = Math.max(1, Math.min(assumed.maxOutputTokens, Math.floor(window * ANSWER)));
  return { ...assumed, contextWindow: window, maxOutputTokens: output, from: 'provider' };
}
