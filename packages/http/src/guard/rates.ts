import { RepriseError } from '@reprise/core';
import type { Clock } from '@reprise/core';
import type { AccessToken, Principal, Rate, ServerOptions } from '../options.ts';
import { Buckets } from './limits.ts';

/** Wrong tokens from one address. A person who mistypes never comes to it; a program that guesses is at its end soon. */
const FAILURES = { burst: 20, perSecond: 0.2 };
const MOST = 10_000;

/** How often one may ask: each token by its rate, and each address with wrong tokens. */
export class Rates {
  readonly #clock: Clock;
  readonly #failures: Buckets;
  readonly #rate: Rate | undefined;
  #tokens: ReadonlyMap<string, { readonly rate: Rate; readonly buckets: Buckets }> = new Map();
  /** Who was let in from where: they still are while others fail there, for many may share an address. */
  readonly #known = new Set<string>();

  constructor({ tokens, rate }: Pick<ServerOptions, 'tokens' | 'rate'>, clock: Clock) {
    this.#clock = clock;
    this.#failures = new Buckets(FAILURES, clock);
    this.#rate = rate;
    this.setTokens(tokens);
  }

  /** From now on these. Who keeps a rate keeps what is left of it. */
  setTokens(tokens: readonly AccessToken[]): void {
    const before = this.#tokens;
    this.#tokens = new Map(
      tokens.flatMap(({ name, rate = this.#rate }) => {
        if (rate === undefined) return [];
        const there = before.get(name);
        const same = there?.rate.burst === rate.burst && there.rate.perSecond === rate.perSecond;
        return [[name, same ? there : { rate, buckets: new Buckets(rate, this.#clock) }]];
      }),
    );
  }

  /** RATE_LIMIT for an address with too many wrong tokens, whatever token comes with this request, and for a token that asks too often. */
  check(address: string | undefined, principal: Principal | undefined): void {
    if (address !== undefined) this.#checkAddress(address, principal);
    const buckets = principal && this.#tokens.get(principal.name)?.buckets;
    if (principal === undefined || buckets === undefined) return;
    const wait = buckets.wait(principal.name);
    if (wait > 0) throw this.#tooMany('This token asks too often.', wait);
    buckets.take(principal.name);
  }

  #checkAddress(address: string, principal: Principal | undefined): void {
    const name = principal && JSON.stringify([address, principal.name]);
    if (name !== undefined && this.#known.has(name)) return;
    const wait = this.#failures.wait(address);
    if (wait > 0) throw this.#tooMany('Too many requests of this address had no valid token.', wait);
    if (name === undefined) return this.#failures.take(address);
    this.#known.add(name);
    if (this.#known.size > MOST) this.#known.delete(this.#known.values().next().value as string);
  }

  #tooMany(message: string, wait: number): RepriseError {
    return new RepriseError('RATE_LIMIT', message, {
      hint: 'Wait, and ask less often.',
      retryAt: new Date(this.#clock.now() + wait).toISOString(),
    });
  }
}
