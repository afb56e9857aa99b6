import type { ModelInfo } from '../contracts/model.ts';
import type { TurnUsage } from '../contracts/turn.ts';
import type { Unreported } from '../records/types.ts';

export type Price = NonNullable<ModelInfo['price']>;

/** Prices are in USD per so many tokens. */
const PER = 1_000_000;

/** What a call took, with its cost where the price is known. What is read from a cache or written to one has a price of its own where the model's says so. */
export function priced(usage: TurnUsage, price: Price | undefined): TurnUsage {
  if (price === undefined) return usage;
  const { input, output, cached, cacheWrite = 0 } = usage;
  const plain = Math.max(0, input - cached - cacheWrite);
  const read = cached * (price.cacheRead ?? price.input);
  const written = cacheWrite * (price.cacheWrite ?? price.input);
  return { ...usage, cost: (plain * price.input + read + written + output * price.output) / PER };
}

/** Tokens that nobody counted, as they are recorded. */
export function unreported(input: number, output: number, price: Price | undefined): Unreported {
  return price === undefined ? { input, output } : { input, output, cost: worstCost(input, output, price) };
}

/** The most that these tokens can cost: none of the input is read from a cache, all of it may be written to one. */
export function worstCost(input: number, output: number, price: Price): number {
  return (input * Math.max(price.input, price.cacheWrite ?? 0) + output * price.output) / PER;
}

/** The output tokens that so many USD pay for. */
export function affordable(usd: number, price: Price): number {
  if (usd < 0) return -1;
  return price.output === 0 ? Infinity : Math.floor((usd * PER) / price.output);
}
