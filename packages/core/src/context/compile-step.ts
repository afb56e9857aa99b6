import type { JSONObject, LanguageModelV4Message, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { Meta, Part, StepRecord } from '../records/types.ts';
import { textOf } from '../state/state.ts';
import type { CompileFacts } from './compile.ts';
import type { Item, Slot } from './pair.ts';
import { resultText } from './compile-result.ts';

export type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content'];

/**
 * The content of one assistant message; empty where nothing may be sent. Calls come last: nothing may follow a client's call. `deferred`: calls that
 * went out before with a verdict, and whose result may come with this message.
 */
export function assistantContent(
  item: Extract<Item, { kind: 'step' }>,
  facts: CompileFacts,
  prefixFrom: number,
  deferred: ReadonlySet<string>,
): AssistantContent {
  const step = item.record;
  const own = step.provider === facts.provider;
  const bound = !facts.info.capabilities.prefixBoundReasoning || item.seq > prefixFrom;
  const thinks = own && bound && step.finishReason !== 'interrupted';
  const said: AssistantContent = [];
  const callMeta = new Map<string, Meta>();
  const finished = providerResults(step);
  for (const { call } of item.verdicts) finished.add(call);
  // A stream that repeats an event repeats these too: each goes back once, the call before its result.
  const sent = new Set<string>();
  const answered = new Set<string>();
  let shown = 0;
  for (const part of step.parts ?? [{ type: 'text' as const, length: step.content.length }]) {
    switch (part.type) {
      case 'text': {
        const text = step.content.slice(shown, shown + part.length);
        shown += part.length;
        if (text.trim() !== '') said.push({ type: 'text', text, ...options(part.meta, own) });
        break;
      }
      case 'reasoning':
        if (thinks && replayable(part.meta, facts))
          said.push({ type: 'reasoning', text: part.text, ...options(part.meta, true) });
        break;
      case 'tool-call':
        if (part.meta !== undefined) callMeta.set(part.id, part.meta);
        break;
      case 'provider-call':
        // One that comes after its result repeats what went out before.
        if (own && finished.has(part.id) && !sent.has(part.id) && !answered.has(part.id)) {
          sent.add(part.id);
          said.push({
            type: 'tool-call',
            toolCallId: part.id,
            toolName: part.tool,
            input: part.input,
            providerExecuted: true,
            ...options(part.meta, true),
          });
        }
        break;
      case 'provider-result':
        if ((sent.has(part.id) || (own && deferred.has(part.id))) && !answered.has(part.id)) {
          answered.add(part.id);
          said.push({
            type: 'tool-result',
            toolCallId: part.id,
            toolName: part.tool,
            output: part.isError ? { type: 'error-json', value: part.result } : { type: 'json', value: part.result },
            ...options(part.meta, true),
          });
        }
        break;
      case 'other':
        if (own) said.push(...otherPart(part.part, facts));
        break;
      default:
        part satisfies never;
    }
  }
  const calls = item.slots.map((slot) => ({
    type: 'tool-call' as const,
    toolCallId: slot.wireId,
    toolName: slot.tool,
    input: slot.params,
    ...options(callMeta.get(slot.id), own),
  }));
  if (calls.length === 0) while (isReasoning(said.at(-1))) said.pop();
  return [...said, ...calls];
}

/** A step's calls and results as plain text, for a request that offers no tools (providers refuse calls to tools they aren't given). */
export function flattened(content: string, slots: readonly Slot[]): { said: string; heard: string } {
  const calls = slots.map((slot) => `[called ${slot.tool} with ${textOf(slot.params)}]`);
  const results = slots.map((slot) => `[${slot.tool} answered]\n${resultText(slot.result)}`);
  return { said: [content, ...calls].filter((text) => text.trim() !== '').join('\n'), heard: results.join('\n') };
}

/** A message that ends with reasoning is refused when it is sent back. */
function isReasoning(part: AssistantContent[number] | undefined): boolean {
  return part?.type === 'reasoning' || part?.type === 'reasoning-file';
}

/** Reasoning that carries what its provider asks for. */
function replayable(meta: Meta | undefined, facts: CompileFacts): boolean {
  const facets = Object.values(meta ?? {});
  const has = (key: string) => facets.some((facet) => typeof facet[key] === 'string' && facet[key] !== '');
  switch (facts.info.capabilities.rules) {
    case 'anthropic':
      return has('signature') || has('redactedData');
    case 'openai-responses':
      return has('reasoningEncryptedContent');
    case 'google':
      return has('thoughtSignature');
    case 'openai-chat':
      return true;
    case 'strictest':
      return has('signature') || has('redactedData') || has('reasoningEncryptedContent') || has('thoughtSignature');
    default:
      return facts.info.capabilities.rules satisfies never;
  }
}

/** Calls that the provider ran and whose result is here too: they travel together or not at all. */
function providerResults(step: StepRecord): Set<string> {
  const calls = new Set<string>();
  const done = new Set<string>();
  for (const part of step.parts ?? []) {
    if (part.type === 'provider-call') calls.add(part.id);
    else if (part.type === 'provider-result' && calls.has(part.id)) done.add(part.id);
  }
  return done;
}

function options(meta: Meta | undefined, own: boolean): { providerOptions?: SharedV4ProviderOptions } {
  return own && meta !== undefined ? { providerOptions: meta } : {};
}

/** Parts that the core doesn't look into but that their provider wants back. */
function otherPart(part: Extract<Part, { type: 'other' }>['part'], facts: CompileFacts): AssistantContent {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return [];
  const { type, kind, mediaType, data, providerMetadata } = part as JSONObject;
  const own = providerMetadata === undefined ? {} : { providerOptions: providerMetadata as SharedV4ProviderOptions };
  if (type === 'custom' && typeof kind === 'string' && kind.includes('.'))
    return [{ type: 'custom', kind: kind as `${string}.${string}`, ...own }];
  // Only Gemini takes back the files that it made; a link to one it refuses.
  const made = type === 'file' || type === 'reasoning-file';
  if (!made || facts.info.capabilities.rules !== 'google' || typeof mediaType !== 'string') return [];
  const bytes = (data as JSONObject | undefined)?.['data'];
  return typeof bytes === 'string' ? [{ type, mediaType, data: { type: 'data', data: bytes }, ...own }] : [];
}
