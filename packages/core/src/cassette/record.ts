import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider';
import type { ModelResolver } from '../contracts/model.ts';
import type { SessionStorage } from '../contracts/storage.ts';
import { failureOf } from './failure.ts';
import type { Line, ModelId } from './format.ts';
import { CASSETTE_FORMAT } from './format.ts';
import { hiding } from './hidden.ts';
import { toJson } from './json.ts';
import { Log } from './log.ts';
import { over } from './over.ts';
import { Prefixes } from './prefixes.ts';
import { recordedStorage } from './record-storage.ts';
import { requestOf } from './request.ts';

export interface RecorderOptions {
  /** Milliseconds since the epoch. Default: the machine's time. */
  readonly now?: () => number;
  /** A line could not be written: told once, and nothing more is recorded. What is recorded goes on undisturbed. */
  readonly report?: (error: unknown) => void;
  /** Values that are written as `[secret]`; what looks like a key never is. */
  readonly secrets?: readonly string[];
}

/** Records what passes through what it wraps. */
export interface CassetteRecorder {
  /** The same model, its calls recorded. */
  model(model: LanguageModelV4): LanguageModelV4;
  /** The same resolver, the models that it gives recorded, with their limits. */
  models<R extends ModelResolver>(models: R): R;
  /** The same store. The log of every session that is written through it is recorded, so that `replayCassette` can play it again. */
  storage(storage: SessionStorage): SessionStorage;
}

/**
 * A recorder that hands each line (with its line break) to `write` as it happens. No header is recorded, and of an answer's headers only when to
 * come back, and what looks like a key is written as `[key]`. All else is recorded as it is: prompts, answers, and what tools gave.
 */
export function recordCassette(write: (line: string) => void, options: RecorderOptions = {}): CassetteRecorder {
  const now = options.now ?? ((): number => Date.now());
  const log = new Log(write, hiding(options.secrets ?? []), options.report);
  log.add({ cassette: CASSETTE_FORMAT, at: new Date(now()).toISOString() });
  const prefixes = new Prefixes();
  let calls = 0;
  const record = (model: LanguageModelV4): LanguageModelV4 => ({
    specificationVersion: model.specificationVersion,
    provider: model.provider,
    modelId: model.modelId,
    supportedUrls: model.supportedUrls,
    doGenerate: (request) => model.doGenerate(request),
    async doStream(request) {
      const call = (calls += 1);
      const start = now();
      log.add({ type: 'call', call, model: idOf(model), ...prefixes.shorten(call, requestOf(request)) });
      const since = (): number => Math.max(0, Math.round(now() - start));
      try {
        const result = await model.doStream(request);
        return { ...result, stream: taped(result.stream, request, call, since, log) };
      } catch (error) {
        log.add({ type: 'end', call, ms: since(), ...endOf(error, request.abortSignal) });
        throw error;
      }
    },
  });
  return {
    model: record,
    models(models) {
      const resolve: ModelResolver['resolve'] = async (...asked) => {
        const resolved = await models.resolve(...asked);
        const { requested, name, model, info } = resolved;
        log.add({ type: 'model', requested, name, model: idOf(model), info });
        return { ...resolved, model: record(model) };
      };
      return over(models, { resolve } as Partial<typeof models>);
    },
    storage: (storage) => recordedStorage(storage, log),
  };
}

function idOf({ provider, modelId }: LanguageModelV4): ModelId {
  return { provider, modelId };
}

function endOf(
  error: unknown,
  signal: AbortSignal | undefined,
): Pick<Extract<Line, { type: 'end' }>, 'error' | 'cancelled'> {
  return signal?.aborted ? { cancelled: failureOf(signal.reason) } : { error: failureOf(error) };
}

/** Each part is recorded before it is passed on; nothing is read ahead. */
function taped(
  stream: LanguageModelV4StreamResult['stream'],
  { abortSignal }: LanguageModelV4CallOptions,
  call: number,
  since: () => number,
  log: Log,
): LanguageModelV4StreamResult['stream'] {
  const reader = stream.getReader();
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            log.add({ type: 'end', call, ms: since() });
            controller.close();
            return;
          }
          const part = value.type === 'error' ? { ...value, error: failureOf(value.error) } : value;
          log.add({ type: 'part', call, ms: since(), part: toJson(part) });
          controller.enqueue(value);
        } catch (error) {
          log.add({ type: 'end', call, ms: since(), ...endOf(error, abortSignal) });
          controller.error(error);
        }
      },
      cancel(reason) {
        log.add({
          type: 'end',
          call,
          ms: since(),
          cancelled: failureOf(abortSignal?.aborted ? abortSignal.reason : reason),
        });
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
