import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { ModelInfo } from '../contracts/model.ts';
import type { Rec } from '../records/types.ts';
import type { Failure } from './failure.ts';

/** The format that this code writes. A file that names a newer one is refused. */
export const CASSETTE_FORMAT = 1;

/** What a model is asked, as it is recorded and compared: without headers and signal, bytes and links as JSON. */
export type CassetteRequest = Readonly<Record<string, unknown>> & { readonly prompt: readonly unknown[] };

/**
 * A line of a cassette. A first line begins a recording; a file may hold several, one after the other, and calls are counted anew in each.
 * Lines are written as things happen, so a recording that was cut is whole up to there.
 */
export type Line =
  | { readonly cassette: number; readonly at: string }
  /** A name was resolved. */
  | {
      readonly type: 'model';
      readonly requested: string;
      readonly name: string;
      readonly model: ModelId;
      readonly info: ModelInfo;
    }
  /** A request leaves. Its prompt begins with the first `keep` messages of the call `like`; `tools` are that call's where they are absent. */
  | {
      readonly type: 'call';
      readonly call: number;
      readonly model: ModelId;
      readonly like?: number;
      readonly keep?: number;
      readonly request: CassetteRequest;
    }
  /** A part of its answer, so many milliseconds later. */
  | { readonly type: 'part'; readonly call: number; readonly ms: number; readonly part: unknown }
  | {
      readonly type: 'end';
      readonly call: number;
      readonly ms: number;
      /** The call was refused, or its stream broke. */
      readonly error?: Failure;
      /** Whoever asked wanted no more; the reason. */
      readonly cancelled?: Failure;
    }
  /** A record was stored; `before`: it was there when the recording began. */
  | {
      readonly type: 'record';
      readonly session: string;
      readonly seq: number;
      readonly before?: true;
      readonly record: Rec;
    };

export interface ModelId {
  readonly provider: string;
  readonly modelId: string;
}

/** A model call of a cassette. */
export interface CassetteCall {
  readonly model: ModelId;
  /** Absent where only the session's log tells of the call. */
  readonly request?: CassetteRequest;
  readonly parts: readonly { readonly ms: number; readonly part: LanguageModelV4StreamPart }[];
  /** Absent where the recording was cut. */
  readonly end?: { readonly ms: number; readonly error?: unknown; readonly cancelled?: unknown };
  /** Its place among everything recorded. */
  readonly place: number;
}

export interface CassetteRecord {
  readonly seq: number;
  readonly before: boolean;
  readonly record: Rec;
  readonly place: number;
}

/** A recording, read. */
export interface Cassette {
  readonly calls: readonly CassetteCall[];
  readonly models: readonly Extract<Line, { type: 'model' }>[];
  /** The log of each session that was written, by id. */
  readonly sessions: ReadonlyMap<string, readonly CassetteRecord[]>;
}
