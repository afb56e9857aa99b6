import type { ServerContext } from './context.ts';
import { Refusal } from './guard/body.ts';
import type { Principal } from './options.ts';

export const KEY = /^[A-Za-z0-9_-]{1,100}$/;
/** Answers that are kept, and for how long. */
const MOST = 1000;
const KEPT_MS = 24 * 3_600_000;

interface Done {
  /** The SHA-256 of its body: that of an import may be 64 MiB. */
  readonly body: string;
  readonly at: number;
  readonly answer: Promise<{ readonly status: number; readonly headers: [string, string][]; readonly text: string }>;
}

/** The `Idempotency-Key` of a request. */
export function keyOf(request: Request): string | undefined {
  const key = request.headers.get('idempotency-key');
  if (key === null) return undefined;
  if (!KEY.test(key)) throw new Refusal(400, 'An Idempotency-Key must be 1 to 100 letters, digits, _ or -.');
  return key;
}

/** The SHA-256 of a value, in letters and digits. */
export async function digestOf(value: unknown): Promise<string> {
  const text = JSON.stringify(value) ?? '';
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return bytes
    .reduce((number, byte) => number * 256n + BigInt(byte), 0n)
    .toString(36)
    .padStart(50, '0');
}

/** Answers that repeated requests get again. In memory: a day, a thousand of them, and only of what succeeded. What was made outlives that (`making.ts`). */
export class Answers {
  readonly done = new Map<string, Done>();
}

/** Does `work` once for each key: the same request again gets the same answer, also while the first is at work; another one gets 422. */
export async function once(
  { answers, clock }: ServerContext,
  request: Request,
  principal: Principal | undefined,
  body: unknown,
  work: () => Promise<Response>,
): Promise<Response> {
  const key = keyOf(request);
  if (key === undefined) return work();
  const name = JSON.stringify([principal?.name, request.method, new URL(request.url).pathname, key]);
  const same = await digestOf(body);
  const { done } = answers;
  for (const [old, { at }] of done) if (done.size > MOST || at < clock.now() - KEPT_MS) done.delete(old);
  let entry = done.get(name);
  if (entry === undefined) {
    const answer = work().then(async (response) => ({
      status: response.status,
      headers: [...response.headers],
      text: await response.text(),
    }));
    entry = { body: same, at: clock.now(), answer };
    done.set(name, entry);
    answer.catch(() => done.delete(name));
  } else if (entry.body !== same) {
    throw new Refusal(
      422,
      'This Idempotency-Key was used for another request.',
      'Take a new key for each new request.',
    );
  }
  const { status, headers, text: content } = await entry.answer;
  return new Response(content, { status, headers });
}
