import type { CassetteRequest } from './format.ts';

/** Calls that a later one may begin like: more sessions than that at once, and their requests are written whole. */
const REMEMBERED = 16;

interface Known {
  readonly call: number;
  readonly prompt: readonly string[];
  readonly tools: string;
}

export interface Shortened {
  readonly like?: number;
  readonly keep?: number;
  readonly request: CassetteRequest;
}

/** A request mostly begins like an earlier one, so only what follows is written: a cassette grows with the conversation and not with its square. */
export class Prefixes {
  readonly #known: Known[] = [];

  shorten(call: number, request: CassetteRequest): Shortened {
    const { prompt, tools, ...rest } = request;
    const texts = prompt.map((message) => JSON.stringify(message));
    const offered = JSON.stringify(tools) ?? '';
    let like: Known | undefined;
    let keep = 0;
    for (const known of this.#known) {
      const same = known.tools === offered ? common(known.prompt, texts) : 0;
      if (same > keep) [like, keep] = [known, same];
    }
    this.#known.unshift({ call, prompt: texts, tools: offered });
    this.#known.length = Math.min(this.#known.length, REMEMBERED);
    if (like === undefined) return { request };
    return { like: like.call, keep, request: { ...rest, prompt: prompt.slice(keep) } };
  }
}

/** The request that was shortened. `earlier`: the request of a call before it. */
export function lengthen(
  { like, keep = 0, request }: Shortened,
  earlier: (call: number) => CassetteRequest | undefined,
): CassetteRequest | undefined {
  if (like === undefined) return request;
  const first = earlier(like);
  if (first === undefined || first.prompt.length < keep) return undefined;
  const tools = first['tools'] === undefined ? {} : { tools: first['tools'] };
  const whole = { ...tools, ...request, prompt: [...first.prompt.slice(0, keep), ...request.prompt] };
  return Object.fromEntries(Object.entries(whole).sort(([a], [b]) => (a < b ? -1 : 1))) as CassetteRequest;
}

function common(a: readonly string[], b: readonly string[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n += 1;
  return n;
}
