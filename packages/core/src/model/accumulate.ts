import type { JSONValue, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import type { FinishReason, TurnUsage } from '../contracts/turn.ts';
import { tooDeep } from '../records/json.ts';
import type { Meta, Part } from '../records/types.ts';
import { NO_USAGE } from '../state/state.ts';
import { storedFile } from '../files/made.ts';
import { BEGUN, begunUsage } from './begun.ts';

/** A call as it came: `input` is text until it was parsed. */
export interface RawCall {
  readonly id: string;
  readonly tool: string;
  readonly input: string;
}

export interface Finish {
  readonly reason: FinishReason;
  readonly raw?: string;
  readonly usage: TurnUsage;
  /** The provider gave figures, be they 0. */
  readonly counted: boolean;
}

/** What a stream has told so far. */
export interface Response {
  readonly content: string;
  readonly parts: readonly Part[] | undefined;
  readonly calls: readonly RawCall[];
  readonly finish: Finish | undefined;
  /** What the request took, where the provider said so before it answered. */
  readonly begun: TurnUsage | undefined;
  readonly error: unknown;
}

/** Shown to people as it comes. */
export interface Sink {
  text(delta: string): void;
  reasoning(delta: string): void;
}

interface Building {
  readonly kind: 'text' | 'reasoning';
  readonly id: string;
  readonly pieces: string[];
  meta: Meta | undefined;
}

type Slot = Building | { readonly kind: 'done'; readonly part: Part };

/** Collects one response. Synchronous: it runs once per delta; pieces are pushed and joined once. */
export class Accumulator {
  readonly #sink: Sink;
  readonly #slots: Slot[] = [];
  readonly #open = new Map<string, Building>();
  /** The open block that is the last slot: where nearly every delta goes. */
  #last: Building | undefined;
  readonly #calls: RawCall[] = [];
  #finish: Finish | undefined;
  #begun: TurnUsage | undefined;
  #error: unknown;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  push(part: LanguageModelV4StreamPart): void {
    switch (part.type) {
      case 'text-delta':
        this.#delta('text', part.id, part.delta, part.providerMetadata);
        return;
      case 'reasoning-delta':
        this.#delta('reasoning', part.id, part.delta, part.providerMetadata);
        return;
      case 'text-start':
      case 'text-end':
        this.#delta('text', part.id, '', part.providerMetadata);
        if (part.type === 'text-end') this.#end('text', part.id);
        return;
      case 'reasoning-start':
      case 'reasoning-end':
        this.#delta('reasoning', part.id, '', part.providerMetadata);
        if (part.type === 'reasoning-end') this.#end('reasoning', part.id);
        return;
      case 'tool-call':
        this.#call(part);
        return;
      case 'tool-result':
        if (part.preliminary) return;
        this.#done({
          type: 'provider-result',
          id: part.toolCallId,
          tool: part.toolName,
          result: part.result,
          ...(part.isError && { isError: true }),
          ...(part.providerMetadata !== undefined && { meta: part.providerMetadata }),
        });
        return;
      case 'finish':
        this.#finish = {
          reason: part.finishReason.unified,
          ...(part.finishReason.raw !== undefined && { raw: part.finishReason.raw }),
          usage: usageOf(part.usage),
          counted: isCount(part.usage?.inputTokens?.total) || isCount(part.usage?.outputTokens?.total),
        };
        return;
      case 'error':
        this.#error ??= part.error ?? new Error('The stream reported an error without a text.');
        return;
      case 'stream-start':
      case 'response-metadata':
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-input-end':
      case 'ping':
      case 'raw':
        return;
      case 'custom':
        // Nothing that was said, and nothing that goes back.
        if (part.kind === BEGUN) this.#begun = begunUsage(part);
        else this.#done({ type: 'other', part: part as unknown as JSONValue });
        return;
      case 'file':
      case 'reasoning-file':
        this.#done({ type: 'other', part: storedFile(part) });
        return;
      default:
        // Sources, approval requests and parts that are newer than this code: kept as they came.
        this.#done({ type: 'other', part: part as unknown as JSONValue });
    }
  }

  /** What the sink was told so far. */
  shown(): { readonly kind: 'text' | 'reasoning'; readonly content: string }[] {
    return this.#slots.flatMap((slot) =>
      slot.kind === 'done' ? [] : { kind: slot.kind, content: slot.pieces.join('') },
    );
  }

  response(): Response {
    let content = '';
    const parts: Part[] = [];
    for (const slot of this.#slots) {
      if (slot.kind === 'done') parts.push(slot.part);
      else {
        const text = slot.pieces.join('');
        const meta = slot.meta === undefined ? {} : { meta: slot.meta };
        if (slot.kind === 'text') {
          content += text;
          if (text !== '' || slot.meta !== undefined) parts.push({ type: 'text', length: text.length, ...meta });
        } else if (text !== '' || slot.meta !== undefined) parts.push({ type: 'reasoning', text, ...meta });
      }
    }
    return {
      content,
      parts: plain(parts) ? undefined : parts,
      calls: this.#calls,
      finish: this.#finish,
      begun: this.#begun,
      error: this.#error,
    };
  }

  #delta(kind: 'text' | 'reasoning', id: string, delta: string, meta: Meta | undefined): void {
    const last = this.#last;
    const block = last?.kind === kind && last.id === id ? last : this.#block(kind, id, delta);
    if (meta !== undefined) block.meta = merged(block.meta, meta);
    if (delta === '') return;
    block.pieces.push(delta);
    if (kind === 'text') this.#sink.text(delta);
    else this.#sink.reasoning(delta);
  }

  #block(kind: 'text' | 'reasoning', id: string, delta: string): Building {
    const key = `${kind}:${id}`;
    const open = this.#open.get(key);
    if (open !== undefined && this.#slots.at(-1) === open) return (this.#last = open);
    // Text is shown in the order of arrival, so a block that another one interrupted goes on as a new part.
    if (open !== undefined && (kind === 'reasoning' || delta === '')) return open;
    const block: Building = { kind, id, pieces: [], meta: undefined };
    this.#open.set(key, block);
    this.#slots.push(block);
    this.#last = block;
    return block;
  }

  #end(kind: 'text' | 'reasoning', id: string): void {
    this.#open.delete(`${kind}:${id}`);
    this.#last = undefined;
  }

  #call(part: Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>): void {
    const meta = part.providerMetadata === undefined ? {} : { meta: part.providerMetadata };
    if (part.providerExecuted) {
      const input = parsed(part.input);
      this.#done({ type: 'provider-call', id: part.toolCallId, tool: part.toolName, input, ...meta });
      return;
    }
    // A stream that repeats an event repeats the call, id and all; the first one counts.
    const { toolCallId: id, toolName: tool, input: text } = part;
    if (id !== '' && this.#calls.some((call) => call.id === id && call.tool === tool && call.input === text)) return;
    this.#calls.push({ id: part.toolCallId, tool: part.toolName, input: part.input });
    this.#done({ type: 'tool-call', id: part.toolCallId, ...meta });
  }

  #done(part: Part): void {
    this.#slots.push({ kind: 'done', part });
    this.#last = undefined;
  }
}

/** Later facts about a block win, provider by provider: a signature comes on its own, after the text. */
function merged(old: Meta | undefined, meta: Meta): Meta {
  if (old === undefined) return meta;
  const next: Meta = { ...old };
  for (const [provider, facts] of Object.entries(meta)) next[provider] = { ...next[provider], ...facts };
  return next;
}

/** Nothing that `content` and the calls don't say: one text, then the calls. */
function plain(parts: readonly Part[]): boolean {
  return (
    parts.every((part, i) => part.type === 'tool-call' || (part.type === 'text' && i === 0)) &&
    parts.every((part) => !('meta' in part))
  );
}

function parsed(input: string): JSONValue {
  try {
    const value = JSON.parse(input) as JSONValue;
    return tooDeep(value) ? input : value;
  } catch {
    return input;
  }
}

/** Flat tokens; 0 where nothing was reported. `input` holds what was cached, `output` the reasoning. */
function usageOf(usage: LanguageModelV4Usage | undefined): TurnUsage {
  const input = tokens(usage?.inputTokens?.total);
  const output = tokens(usage?.outputTokens?.total);
  if (input + output === 0) return NO_USAGE;
  const cacheWrite = tokens(usage?.inputTokens?.cacheWrite);
  return {
    input,
    output,
    cached: tokens(usage?.inputTokens?.cacheRead),
    ...(cacheWrite > 0 && { cacheWrite }),
    reasoning: tokens(usage?.outputTokens?.reasoning),
    total: input + output,
  };
}

/** A sum that isn't JSON (NaN where a provider counts with what it didn't get) would not survive storage. */
function tokens(value: number | undefined): number {
  return isCount(value) ? value : 0;
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}
