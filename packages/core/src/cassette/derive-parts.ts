import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import type { ToolCall, TurnUsage } from '../contracts/turn.ts';
import type { Meta, Part, StepRecord } from '../records/types.ts';

/** The stream that gives a step, each block in one piece. */
export function partsOf(step: StepRecord): LanguageModelV4StreamPart[] {
  const parts: LanguageModelV4StreamPart[] = [];
  let shown = 0;
  const calls = step.toolCalls ?? [];
  const blocks: readonly Part[] = step.parts ?? [
    { type: 'text', length: step.content.length },
    ...calls.map(({ id }) => ({ type: 'tool-call' as const, id })),
  ];
  blocks.forEach((block, i) => {
    if (block.type === 'text') {
      parts.push(...flowing('text', `${i}`, step.content.slice(shown, shown + block.length), block.meta));
      shown += block.length;
    } else if (block.type === 'reasoning') parts.push(...flowing('reasoning', `${i}`, block.text, block.meta));
    else parts.push(...single(block, step));
  });
  if (step.finishReason !== 'interrupted') {
    const unified = step.finishReason as LanguageModelV4FinishReason['unified'];
    parts.push({ type: 'finish', finishReason: { unified, raw: step.rawFinishReason }, usage: usageOf(step.usage) });
  }
  return parts;
}

function flowing(
  kind: 'text' | 'reasoning',
  id: string,
  delta: string,
  meta: Meta | undefined,
): LanguageModelV4StreamPart[] {
  if (delta === '' && meta === undefined) return [];
  const providerMetadata = meta === undefined ? {} : { providerMetadata: meta };
  return [
    { type: `${kind}-start`, id },
    { type: `${kind}-delta`, id, delta },
    { type: `${kind}-end`, id, ...providerMetadata },
  ];
}

function single(
  block: Exclude<Part, { type: 'text' | 'reasoning' }>,
  { toolCalls = [], refused = {} }: StepRecord,
): LanguageModelV4StreamPart[] {
  const meta = 'meta' in block && block.meta !== undefined ? { providerMetadata: block.meta } : {};
  switch (block.type) {
    case 'tool-call': {
      const call = toolCalls.find(({ id }) => id === block.id);
      return call === undefined ? [] : [{ ...called(call, refused), ...meta }];
    }
    case 'provider-call': {
      const { id: toolCallId, tool: toolName } = block;
      const input = typeof block.input === 'string' ? block.input : JSON.stringify(block.input);
      return [{ type: 'tool-call', toolCallId, toolName, input, providerExecuted: true, ...meta }];
    }
    case 'provider-result': {
      const { id: toolCallId, tool: toolName, isError } = block;
      const result = block.result as NonNullable<typeof block.result>;
      return [{ type: 'tool-result', toolCallId, toolName, result, ...(isError && { isError }), ...meta }];
    }
    case 'other':
      return [block.part as unknown as LanguageModelV4StreamPart];
    default:
      return block satisfies never;
  }
}

/** Arguments that were none are in the words of the refusal. */
const REFUSED = [/^The arguments are not valid JSON: ([^]*)$/, /^The arguments must be a JSON object, not ([^]*)$/];
const NAMELESS = 'Not run: the call came without an id.';

function called({ id, tool, params }: ToolCall, refused: Readonly<Record<string, string>>): LanguageModelV4StreamPart {
  const why = Object.hasOwn(refused, id) ? (refused[id] ?? '') : '';
  const raw = REFUSED.map((pattern) => pattern.exec(why)?.[1]).find((text) => text !== undefined);
  const toolCallId = why.startsWith(NAMELESS) ? '' : id;
  return { type: 'tool-call', toolCallId, toolName: tool, input: raw ?? JSON.stringify(params) };
}

function usageOf(usage: TurnUsage | undefined): LanguageModelV4Usage {
  const known = usage ?? { input: undefined, output: undefined, cached: undefined, reasoning: undefined };
  return {
    inputTokens: { total: known.input, noCache: undefined, cacheRead: known.cached, cacheWrite: undefined },
    outputTokens: { total: known.output, text: undefined, reasoning: known.reasoning },
  };
}
