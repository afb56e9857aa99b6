import type { CallFacts, Hooks, RecordFacts, RequestAdditions, RequestFacts, ResultFacts } from '../contracts/hooks.ts';
import type { Clock } from '../contracts/clock.ts';
import { RepriseError } from '../errors.ts';
import { sleep } from '../session/clock.ts';

/** A hook that takes longer is passed over. */
const HOOK_MS = 10_000;

interface Around {
  readonly clock: Clock;
  readonly report: (error: unknown) => void;
}

/** Calls the hooks of a program so that nothing they do can hurt a turn. Never rejects. */
export class HookRunner {
  readonly #hooks: Hooks;
  readonly #around: Around;

  constructor(hooks: Hooks | undefined, around: Around) {
    this.#hooks = hooks ?? {};
    this.#around = around;
  }

  async beforeRequest(facts: () => RequestFacts, signal: AbortSignal): Promise<RequestAdditions> {
    return (await this.#ask('beforeRequest', facts, signal, additionsOf)) ?? {};
  }

  /** Why the call must not run; `undefined` where nothing is against it. */
  beforeTool(facts: () => CallFacts, signal: AbortSignal): Promise<string | undefined> {
    return this.#ask('beforeTool', facts, signal, (answer) => textOf(answer, 'deny'));
  }

  /** What the model is shown instead, if that is something else. */
  afterTool(facts: () => ResultFacts, signal: AbortSignal): Promise<string | undefined> {
    return this.#ask('afterTool', facts, signal, (answer) => textOf(answer, 'shown'));
  }

  /** These lines are stored, from `first` on. */
  stored(session: string, first: number, lines: readonly string[]): void {
    if (this.#hooks.onRecord === undefined) return;
    for (const [at, line] of lines.entries()) {
      const tell = async (): Promise<void> => {
        const record = JSON.parse(line) as RecordFacts['record'];
        await this.#hooks.onRecord?.({ session, seq: first + at, record });
      };
      // Each begins at once, so the order is that of the log.
      tell().catch((error: unknown) => this.#failed('onRecord', error));
    }
  }

  async #ask<K extends Exclude<keyof Hooks, 'onRecord'>, T>(
    name: K,
    facts: () => Parameters<NonNullable<Hooks[K]>>[0],
    signal: AbortSignal,
    read: (answer: unknown) => T | undefined,
  ): Promise<T | undefined> {
    if (this.#hooks[name] === undefined || signal.aborted) return undefined;
    const done = new AbortController();
    const answered = async (): Promise<unknown> => {
      const hook = this.#hooks[name] as (given: unknown) => unknown;
      return hook.call(this.#hooks, facts());
    };
    const late = async (): Promise<never> => {
      await sleep(this.#around.clock, HOOK_MS, AbortSignal.any([signal, done.signal]));
      throw new Error(`it took longer than ${HOOK_MS / 1000} s`);
    };
    try {
      const answer = await Promise.race([answered(), late()]);
      return answer === undefined || answer === null ? undefined : read(answer);
    } catch (error) {
      // The turn ends, so nobody waits for the hook any more.
      if (!signal.aborted) this.#failed(name, error);
      return undefined;
    } finally {
      done.abort();
    }
  }

  #failed(name: keyof Hooks, cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#around.report(new RepriseError('INTERNAL', `The hook ${name} was passed over: ${why}`, { cause }));
  }
}

function textOf(answer: unknown, field: 'deny' | 'shown'): string {
  const text = (Object(answer) as Record<string, unknown>)[field];
  if (typeof text === 'string') return text;
  throw new TypeError(`it must give { ${field}: "…" } or nothing`);
}

function additionsOf(answer: unknown): RequestAdditions {
  const { headers, providerOptions } = Object(answer) as RequestAdditions;
  if (!isRecordOf(headers, (value) => typeof value === 'string')) throw new TypeError('headers must be texts by name');
  if (!isRecordOf(providerOptions, isPlain)) throw new TypeError('providerOptions must be objects by provider');
  return { ...(headers !== undefined && { headers }), ...(providerOptions !== undefined && { providerOptions }) };
}

function isRecordOf(value: unknown, is: (field: unknown) => boolean): boolean {
  return value === undefined || (isPlain(value) && Object.values(value as object).every(is));
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
