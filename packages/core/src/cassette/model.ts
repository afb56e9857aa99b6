import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { ModelResolver } from '../contracts/model.ts';
import type { Clock } from '../contracts/clock.ts';
import { RepriseError } from '../errors.ts';
import { sleep, systemClock } from '../session/clock.ts';
import { fromObject } from '../session/models.ts';
import type { Cassette, CassetteCall, CassetteRequest } from './format.ts';
import { Player } from './player.ts';

export interface PlayOptions {
  /**
   * What must be equal for a recorded answer to be given: `exact` (the default), the whole request; `order`, nothing, the calls come as they
   * were recorded; a function, what it makes of either request.
   */
  readonly match?: 'exact' | 'order' | ((request: CassetteRequest) => unknown);
  /** 1 = as fast as it was recorded, 2 = twice as fast; default: at once. */
  readonly speed?: number;
  /** Time for `speed`. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * The models of a cassette as one, which needs no network: each call is answered as the first recorded one with the same request that was not
 * given before. A request that is not on the cassette, or no more, rejects with CONFLICT and names where it differs. Who it says it is: the
 * first model of the cassette.
 */
export function cassetteModel(cassette: Cassette, options: PlayOptions = {}): LanguageModelV4 {
  const first = cassette.calls[0]?.model ?? cassette.models[0]?.model ?? { provider: 'cassette', modelId: 'empty' };
  return played(first, new Player(cassette.calls, options.match), options);
}

/** The models of a cassette by the names under which they were resolved, with their limits. */
export function cassetteModels(cassette: Cassette, options: PlayOptions = {}): ModelResolver {
  return resolverOf(cassette, new Player(cassette.calls, options.match), options);
}

export function resolverOf(cassette: Cassette, player: Player, options: PlayOptions & Hooks = {}): ModelResolver {
  return {
    async resolve(requested) {
      const known = cassette.models.find((model) => model.requested === requested || model.name === requested);
      if (known !== undefined) {
        const { name, model, info } = known;
        return { requested, name, model: played(model, player, options), info };
      }
      const described = await options.limits?.resolve(requested).catch(() => undefined);
      if (described !== undefined) {
        const { name, model, info } = described;
        return { requested, name, model: played(model, player, options), info };
      }
      // Models that were given as objects have no line of their own.
      for (const { model } of cassette.calls) {
        const resolved = fromObject(played(model, player, options));
        if (resolved.name === requested) return { ...resolved, requested };
      }
      const names = [...new Set(cassette.models.map(({ name }) => name))];
      throw new RepriseError('MODEL_NOT_FOUND', `The cassette has no model ${requested}.`, {
        hint: names.length === 0 ? 'Pass `cassetteModel(cassette)` as the model.' : `It has ${names.join(', ')}.`,
      });
    },
  };
}

/** For who plays a whole session again. */
export interface Hooks {
  /** Knows models of which the cassette doesn't tell the limits. */
  readonly limits?: ModelResolver;
  /** A recorded call that was given up has given all its parts; the reason then. */
  readonly onGivenUp?: (reason: unknown) => void;
}

function played(
  { provider, modelId }: CassetteCall['model'],
  player: Player,
  options: PlayOptions & Hooks,
): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider,
    modelId,
    supportedUrls: {},
    doGenerate: () => Promise.reject(new RepriseError('UNSUPPORTED', 'A cassette holds streams only.')),
    async doStream(asked) {
      const call = player.next(asked, { provider, modelId });
      const wait = paced(asked, options);
      if (call.parts.length === 0 && call.end?.error !== undefined) {
        await wait(call.end.ms);
        throw call.end.error;
      }
      return { stream: streamOf(call, asked, wait, options) };
    },
  };
}

type Wait = (ms: number) => Promise<void>;

function paced(
  { abortSignal }: LanguageModelV4CallOptions,
  { speed = Infinity, clock = systemClock }: PlayOptions,
): Wait {
  if (speed === Infinity) return async () => undefined;
  const start = clock.now();
  const signal = abortSignal ?? new AbortController().signal;
  return async (ms) => {
    const left = start + ms / speed - clock.now();
    if (left > 0) await sleep(clock, left, signal);
  };
}

function streamOf(
  { parts, end }: CassetteCall,
  { abortSignal }: LanguageModelV4CallOptions,
  wait: Wait,
  { onGivenUp }: Hooks,
): ReadableStream<LanguageModelV4StreamPart> {
  let at = 0;
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        const next = parts[at];
        try {
          if (next !== undefined) {
            await wait(next.ms);
            at += 1;
            return controller.enqueue(next.part);
          }
          if (end === undefined) throw new RepriseError('NETWORK', 'The recording was cut here.');
          await wait(end.ms);
          if (end.error !== undefined) throw end.error;
          if (!('cancelled' in end)) return controller.close();
          onGivenUp?.(end.cancelled);
          await givenUp(abortSignal);
        } catch (error) {
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
}

/** Nothing more came until the caller gave up. */
function givenUp(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => reject(signal?.reason as Error);
    if (signal?.aborted) fail();
    else signal?.addEventListener('abort', fail, { once: true });
  });
}
