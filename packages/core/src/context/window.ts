import type { ModelInfo } from '../contracts/model.ts';
import type { Settings } from '../records/types.ts';

/**
 * Tokens that a request may take with its answer: what the session was told, but never more than a model that somebody described can hold.
 * A session keeps its setting when it goes on with a smaller model.
 */
export function windowOf({ contextWindow }: Settings, { contextWindow: holds, from }: ModelInfo): number {
  if (contextWindow === undefined) return holds;
  return from === 'assumed' ? contextWindow : Math.min(contextWindow, holds);
}
