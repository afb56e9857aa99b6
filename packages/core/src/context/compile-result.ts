import type { LanguageModelV4ToolResultOutput } from '@ai-sdk/provider';
import type { ResultRecord } from '../records/types.ts';
import { textOf } from '../state/state.ts';

/** What the model is told of a call whose end nobody saw. */
export const UNKNOWN_OUTCOME = 'Interrupted: the outcome of this call is unknown. Check before you repeat it.';
const NOTHING = '(no output)';

export function resultText(result: ResultRecord | undefined): string {
  if (result === undefined) return UNKNOWN_OUTCOME;
  return result.shown ?? result.error ?? textOf(result.result);
}

export function resultOutput(result: ResultRecord | undefined): LanguageModelV4ToolResultOutput {
  const text = resultText(result);
  const value = text.trim() === '' ? NOTHING : text;
  return result === undefined || result.error !== undefined ? { type: 'error-text', value } : { type: 'text', value };
}
