import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';

/** Every part of one streamed call. */
export async function stream(
  model: LanguageModelV4,
  options: Partial<LanguageModelV4CallOptions> & { text?: string } = {},
): Promise<LanguageModelV4StreamPart[]> {
  const { text, ...call } = options;
  const result = await model.doStream({ prompt: [user(text ?? 'hi')], ...call });
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of result.stream) parts.push(part);
  return parts;
}

export function user(text: string): LanguageModelV4CallOptions['prompt'][number] {
  return { role: 'user', content: [{ type: 'text', text }] };
}

type PartOf<T extends LanguageModelV4StreamPart['type']> = Extract<LanguageModelV4StreamPart, { type: T }>;

export function only<T extends LanguageModelV4StreamPart['type']>(
  parts: readonly LanguageModelV4StreamPart[],
  type: T,
): PartOf<T>[] {
  return parts.filter((part): part is PartOf<T> => part.type === type);
}

/** The joined deltas of text or reasoning. */
export function joined(parts: readonly LanguageModelV4StreamPart[], type: 'text-delta' | 'reasoning-delta'): string {
  return parts.map((part) => (part.type === type ? part.delta : '')).join('');
}

export function tool(name: string): NonNullable<LanguageModelV4CallOptions['tools']>[number] {
  return { type: 'function', name, description: name, inputSchema: { type: 'object', properties: {} } };
}
