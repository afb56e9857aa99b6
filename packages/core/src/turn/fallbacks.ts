import type { ModelResolver, ResolvedModel } from '../contracts/model.ts';

/** The models that may answer in place of a turn's own, each once. */
export class Fallbacks {
  readonly #left: string[];
  readonly #used: Set<string>;
  readonly #models: ModelResolver;

  constructor(names: readonly string[], own: string, models: ModelResolver) {
    this.#left = [...names];
    this.#used = new Set([own]);
    this.#models = models;
  }

  /** The next one, without taking it. A name that can't be resolved any more is passed over. */
  async next(): Promise<ResolvedModel | undefined> {
    for (let name = this.#left[0]; name !== undefined; name = this.#left[0]) {
      const model = await this.#models.resolve(name).catch(() => undefined);
      if (model !== undefined && !this.#used.has(model.name)) return model;
      this.#left.shift();
    }
    return undefined;
  }

  take(model: ResolvedModel): void {
    this.#used.add(model.name);
    this.#left.shift();
  }
}
