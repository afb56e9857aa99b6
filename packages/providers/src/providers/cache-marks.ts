import type { LanguageModelV4CallOptions, SharedV4ProviderOptions } from '@ai-sdk/provider';

type Options = LanguageModelV4CallOptions;
type Message = Options['prompt'][number];

const MARK = { type: 'ephemeral' };

/**
 * `options` with Anthropic's cache marks: on the last tool, on the last leading system message, and at the end of the last
 * two messages that are the user's or tool results (the API looks back 20 blocks from a mark, so one mark alone loses the
 * cache after a step with many calls). Four is the most the API takes. Left alone where the caller has set marks. Only
 * `providerOptions` differ, so the prompt without marks stays a prefix of the next.
 */
export function withCacheMarks(options: Options): Options {
  if (hasMarks(options)) return options;
  const { prompt, tools } = options;
  const firstOther = prompt.findIndex((message) => message.role !== 'system');
  const lastSystem = (firstOther === -1 ? prompt.length : firstOther) - 1;
  const ends = prompt
    .map((message, index) => (isTurnEnd(message) ? index : -1))
    .filter((index) => index !== -1)
    .slice(-2);
  const marked = new Set([lastSystem, ...ends]);
  return {
    ...options,
    prompt: prompt.map((message, index) => (marked.has(index) ? mark(message) : message)),
    ...(tools && { tools: tools.map((tool, index) => markTool(tool, index === tools.length - 1)) }),
  };
}

function isTurnEnd(message: Message): boolean {
  return (message.role === 'user' || message.role === 'tool') && message.content.length > 0;
}

function mark(message: Message): Message {
  return { ...message, providerOptions: marked(message.providerOptions) };
}

function markTool<T extends NonNullable<Options['tools']>[number]>(tool: T, last: boolean): T {
  return last && tool.type === 'function' ? { ...tool, providerOptions: marked(tool.providerOptions) } : tool;
}

function marked(options: SharedV4ProviderOptions | undefined): SharedV4ProviderOptions {
  return { ...options, anthropic: { ...options?.anthropic, cacheControl: MARK } };
}

function hasMarks({ prompt, tools, providerOptions }: Options): boolean {
  const carries = (holder: { providerOptions?: SharedV4ProviderOptions }): boolean =>
    holder.providerOptions?.anthropic?.cacheControl !== undefined ||
    holder.providerOptions?.anthropic?.cache_control !== undefined;
  return (
    carries(providerOptions ? { providerOptions } : {}) ||
    prompt.some(
      (message) => carries(message) || (message.role !== 'system' && message.content.some((part) => carries(part))),
    ) ||
    (tools ?? []).some((tool) => tool.type === 'function' && carries(tool))
  );
}
