import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';

/**
 * `options` without an effort where the exchange that runs does not open with thinking. Models that think by budget refuse to go on from a
 * message that calls tools and does not begin with a thinking block (one of another model, one whose signature is gone) while thinking is on.
 */
export function withPossibleThinking(options: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  const { reasoning, prompt, ...rest } = options;
  if (reasoning === undefined || reasoning === 'none') return options;
  // What the user says right after a tool's result is in one message with it on the wire.
  const asked = prompt.findLastIndex(({ role }, i) => role === 'user' && prompt[i - 1]?.role !== 'tool');
  const answer = prompt.slice(asked + 1).find(({ role }) => role === 'assistant');
  const opening = answer?.role === 'assistant' ? answer.content[0]?.type : undefined;
  return opening === undefined || opening === 'reasoning' ? options : { ...rest, prompt };
}
