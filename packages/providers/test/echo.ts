import type { LanguageModelV4Prompt, LanguageModelV4StreamPart, SharedV4ProviderMetadata } from '@ai-sdk/provider';

type Assistant = Extract<LanguageModelV4Prompt[number], { role: 'assistant' }>;
type Content = Assistant['content'][number];

/**
 * The assistant message that says what a stream said: text and reasoning joined under the metadata of all their events,
 * calls, results of calls that the provider ran, files. Sources are for people and don't go back.
 */
export function echo(parts: readonly LanguageModelV4StreamPart[]): Assistant {
  const content: Content[] = [];
  const open = new Map<string, Content & { type: 'text' | 'reasoning' }>();
  for (const part of parts) {
    const meta = 'providerMetadata' in part && part.providerMetadata ? { providerOptions: part.providerMetadata } : {};
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start': {
        const block = { type: part.type === 'text-start' ? ('text' as const) : ('reasoning' as const), text: '' };
        open.set(part.id, block);
        content.push(block);
        join(block, part.providerMetadata);
        break;
      }
      case 'text-delta':
      case 'reasoning-delta':
      case 'text-end':
      case 'reasoning-end': {
        const block = open.get(part.id);
        if (!block) throw new Error(`${part.type} without a start`);
        if ('delta' in part) block.text += part.delta;
        join(block, part.providerMetadata);
        break;
      }
      case 'tool-call': {
        const { toolCallId, toolName, providerExecuted } = part;
        const input: unknown = JSON.parse(part.input);
        content.push({
          type: 'tool-call',
          toolCallId,
          toolName,
          input,
          ...(providerExecuted && { providerExecuted }),
          ...meta,
        });
        break;
      }
      case 'tool-result': {
        const output = { type: 'json' as const, value: part.result };
        content.push({ type: 'tool-result', toolCallId: part.toolCallId, toolName: part.toolName, output, ...meta });
        break;
      }
      case 'file':
        content.push({ type: 'file', mediaType: part.mediaType, data: part.data, ...meta });
        break;
      default:
    }
  }
  return { role: 'assistant', content };
}

function join(block: Content, meta: SharedV4ProviderMetadata | undefined): void {
  for (const [provider, values] of Object.entries(meta ?? {}))
    block.providerOptions = {
      ...block.providerOptions,
      [provider]: { ...block.providerOptions?.[provider], ...values },
    };
}
