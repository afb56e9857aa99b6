import type { LanguageModelV4ToolResultOutput } from '@ai-sdk/provider';
import type { FileParts } from '../files/show.ts';
import type { ResultRecord } from '../records/types.ts';
import { textOf } from '../state/state.ts';

/** What the model is told of a call whose end nobody saw. */
export const UNKNOWN_OUTCOME = 'Interrupted: the outcome of this call is unknown. Check before you repeat it.';
const NOTHING = '(no output)';

export function resultText(result: ResultRecord | undefined): string {
  if (result === undefined) return UNKNOWN_OUTCOME;
  return result.shown ?? result.error ?? textOf(result.result);
}

/** One text, then the files: some providers take each text for a result of its own. */
export function resultOutput(result: ResultRecord | undefined, files: FileParts): LanguageModelV4ToolResultOutput {
  const words = files.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const text = [resultText(result), ...words].filter((one) => one.trim() !== '').join('\n');
  const value = text === '' ? NOTHING : text;
  if (result === undefined || result.error !== undefined) return { type: 'error-text', value };
  const shown = files.filter((part) => part.type === 'file');
  return shown.length === 0
    ? { type: 'text', value }
    : { type: 'content', value: [{ type: 'text', text: value }, ...shown] };
}
