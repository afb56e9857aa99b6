import type { WireEvent } from './script.ts';
import { freshId, pieces, sealOf } from './text.ts';

export interface GoogleMessage {
  readonly id?: string;
  readonly model?: string;
  /** A thought summary. */
  readonly thinking?: string;
  readonly text?: string;
  /** Parts as they are, one chunk each, after the text and before the calls (a file, run code, a signed text). */
  readonly parts?: readonly object[];
  /** Grounding metadata of the last chunk. */
  readonly grounding?: object;
  /** Sent on the first call, as the real API does; `null` leaves it out. Defaults to a value made from the call. */
  readonly signature?: string | null;
  readonly toolCalls?: readonly { readonly id?: string; readonly name: string; readonly input: unknown }[];
  readonly usage?: {
    readonly input?: number;
    readonly cached?: number;
    readonly output?: number;
    readonly thoughts?: number;
  };
  /** Default `STOP`, also after calls. */
  readonly stop?: 'STOP' | 'MAX_TOKENS' | 'SAFETY' | 'MALFORMED_FUNCTION_CALL';
  /** Characters in a chunk; default 8. */
  readonly delta?: number;
}

/** The chunks of one answer, as `…:streamGenerateContent?alt=sse` streams them. The real API ends lines with CRLF. */
function message(spec: GoogleMessage): WireEvent[] {
  const size = spec.delta ?? 8;
  const calls = spec.toolCalls ?? [];
  const signature = spec.signature === undefined ? sealOf(JSON.stringify(calls[0] ?? null)) : spec.signature;
  const parts: object[] = [
    ...pieces(spec.thinking ?? '', size).map((text) => ({ text, thought: true })),
    ...pieces(spec.text ?? '', size).map((text) => ({ text })),
    ...(spec.parts ?? []),
    ...calls.map(({ id, name, input }, i) => ({
      functionCall: { ...(id !== undefined && { id }), name, args: input },
      ...(i === 0 && signature !== null && { thoughtSignature: signature }),
    })),
  ];
  if (parts.length === 0) parts.push({ text: '' });
  const base = { modelVersion: spec.model ?? 'gemini-2.5-pro', responseId: spec.id ?? freshId('') };
  return parts.map((part, i) => ({
    data: {
      candidates: [
        {
          content: { parts: [part], role: 'model' },
          ...(i === parts.length - 1 && { finishReason: spec.stop ?? 'STOP' }),
          ...(i === parts.length - 1 && spec.grounding && { groundingMetadata: spec.grounding }),
          index: 0,
        },
      ],
      usageMetadata: usage(spec.usage ?? {}, i === parts.length - 1),
      ...base,
    },
  }));
}

/** Early chunks count the prompt only. */
function usage(spec: NonNullable<GoogleMessage['usage']>, last: boolean): object {
  const promptTokenCount = spec.input ?? 25;
  if (!last) return { promptTokenCount, totalTokenCount: promptTokenCount };
  const candidatesTokenCount = spec.output ?? 15;
  const thoughts = spec.thoughts === undefined ? {} : { thoughtsTokenCount: spec.thoughts };
  return {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount + (spec.thoughts ?? 0),
    ...(spec.cached !== undefined && { cachedContentTokenCount: spec.cached }),
    ...thoughts,
  };
}

/** An error in mid-stream: a data event in place of a chunk. */
function error(code: number, status: string, text: string): WireEvent {
  return { data: errorBody(code, status, text) };
}

/** The body of a failed request. */
function errorBody(code: number, status: string, text: string): object {
  return { error: { code, message: text, status } };
}

/** Google's Gemini API. */
export const google = { message, error, errorBody };
