import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { RepriseError } from '../errors.ts';
import type { CassetteCall, CassetteRequest, ModelId } from './format.ts';
import { withoutKeys } from './hidden.ts';
import type { PlayOptions } from './model.ts';
import type { Difference } from './request.ts';
import { firstDifference, requestOf, told } from './request.ts';
import { toJson } from './json.ts';

/** Gives each recorded call once. */
export class Player {
  readonly #left: CassetteCall[];
  readonly #total: number;
  readonly #match: NonNullable<PlayOptions['match']>;
  /** Where a request was another one than recorded. */
  difference: Difference | undefined;

  constructor(calls: readonly CassetteCall[], match: PlayOptions['match'] = 'exact') {
    this.#left = [...calls];
    this.#total = calls.length;
    this.#match = match;
  }

  /** Calls that nobody asked for. */
  get left(): readonly CassetteCall[] {
    return this.#left;
  }

  next(options: LanguageModelV4CallOptions, model: ModelId): CassetteCall {
    // As it would be on the cassette.
    const text = withoutKeys(JSON.stringify(this.#seen(requestOf(options), model)));
    const at = this.#left.findIndex((call) => {
      return call.request === undefined || JSON.stringify(this.#seen(call.request, call.model)) === text;
    });
    const [found] = at < 0 ? [] : this.#left.splice(at, 1);
    if (found !== undefined) return found;
    const next = this.#left[0];
    if (next === undefined) {
      throw new RepriseError('CONFLICT', `The cassette holds ${this.#total} model calls, and this is one more.`, {
        hint: 'Record it again, or see why the model is asked more often.',
      });
    }
    if (this.#match === 'order') return this.#left.shift() as CassetteCall;
    const recorded = this.#seen(next.request as CassetteRequest, next.model);
    const asked = JSON.parse(text) as unknown;
    const difference = firstDifference(recorded, asked) ?? { path: '', recorded, found: asked };
    this.difference ??= difference;
    throw new RepriseError('CONFLICT', `The request is not the one on the cassette. ${told(difference)}.`, {
      hint: 'Record it again, or say with `match` what has to be equal.',
      details: { path: difference.path },
    });
  }

  #seen(request: CassetteRequest, model: ModelId): unknown {
    if (typeof this.#match === 'function') return toJson(this.#match(request));
    return { ...request, model };
  }
}
