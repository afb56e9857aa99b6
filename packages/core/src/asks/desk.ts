import type { OnAsk } from '../contracts/ask.ts';
import type { Answer, AskRequest, Asker } from '../contracts/tool.ts';
import type { Coded } from '../errors.ts';
import type { AnswerRecord, AskRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import type { LiveSession } from '../session/live.ts';
import type { Runtime } from '../session/runtime.ts';
import { jsonSafe } from '../tools/json-safe.ts';
import type { OpenAsk } from '../state/state.ts';
import type { TurnHandle } from '../turn/handle.ts';
import { AskerLine } from './asker-line.ts';
import { ENGINE, GRANT, NOBODY, needsPerson } from './words.ts';

/** An answer, before it is stored. */
export type Given = Omit<AnswerRecord, 'type' | 'at' | 'ask'>;
/** What became of an answer: only the first one to an open question is taken, and only for what was asked. */
export type Taken = 'taken' | 'answered' | 'unknown' | 'other';

/** What people are asked about a call of this session. `id` and `expires` are those of a question that a sub-session asks already. */
export type Matter = Omit<AskRequest, 'id' | 'expires'> & { readonly id?: string; readonly expires?: string };

interface Waiter {
  readonly over: AbortController;
  resolve(given: Given): void;
  reject(error: unknown): void;
}

export interface DeskFacts {
  readonly runtime: Runtime;
  readonly live: LiveSession;
  readonly handle: TurnHandle;
  /** Who is asked in this process. */
  readonly asker: Asker | undefined;
}

/**
 * Where the questions of a turn lie. Each is stored and shown, and gets exactly one stored answer: the first that comes, from the asker, from
 * this process, from the inbox, or from the engine once the time is up or the turn ends.
 */
export class AskDesk {
  readonly #facts: DeskFacts;
  readonly #line: AskerLine | undefined;
  readonly #waiting = new Map<string, Waiter>();
  /** Answers that are being stored, by question, with the inbox entry that they came in. */
  readonly #taking = new Map<string, string | undefined>();
  /** Questions of calls that run, while they are being stored. */
  readonly #opening = new Set<Promise<unknown>>();
  /** Why the turn has to end: a person was needed, and it is not to go on without one. */
  failure: Coded | undefined;

  constructor(facts: DeskFacts) {
    this.#facts = facts;
    this.#line = facts.asker === undefined ? undefined : new AskerLine(facts.asker);
  }

  /** What happens to a new question. */
  get onAsk(): OnAsk {
    return this.#told ?? (this.#line === undefined ? 'deny' : 'wait');
  }

  /** What happens to one that an earlier process left: it waits on, unless this process was told otherwise. */
  get onFound(): OnAsk {
    return this.#told ?? 'wait';
  }

  newId(): string {
    return this.#facts.runtime.ids('ask');
  }

  /** The questions about the newest step, as they are stored. */
  asks(): readonly OpenAsk[] {
    const { live, handle } = this.#facts;
    const { open } = live.state;
    return open?.turn === handle.id ? (open.asks ?? []) : [];
  }

  isGranted(fingerprint: string): boolean {
    return this.#facts.live.state.grants.includes(fingerprint);
  }

  /** Stores those questions that aren't stored yet, all or none, and shows all that nobody has answered. Gives their ids. */
  async open(matters: readonly Matter[]): Promise<string[]> {
    const records = matters.map((matter) => this.#record(matter));
    const fresh = records.filter(({ id }) => this.#find(id) === undefined);
    if (fresh.length > 0) await this.#facts.live.append(fresh);
    for (const [at, { id }] of records.entries()) {
      const ask = this.#find(id);
      if (ask !== undefined && ask.answer === undefined) this.#show(ask, matters[at]?.input);
    }
    return records.map(({ id }) => id);
  }

  /** The answer to an open question, once there is one. Rejects only where it can't be stored. */
  async answerTo(id: string, matter: Matter, signal: AbortSignal): Promise<Given> {
    const { clock } = this.#facts.runtime;
    const asked = this.#find(id);
    // Its call was over before it was stored.
    if (asked === undefined) return CANCELLED;
    const { answer, expires = '' } = asked;
    if (answer !== undefined) return answer;
    const { promise, resolve, reject } = Promise.withResolvers<Given>();
    const over = new AbortController();
    this.#waiting.set(id, { over, resolve, reject });
    // A failure is the waiter's to tell.
    const take = (given: Given): Promise<void> => this.take(id, given).then(nothing, nothing);
    const cancel = (): void => void take(CANCELLED);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
    const left = Math.max(0, Date.parse(expires) - clock.now());
    const stop = clock.timer(left, () => void take({ verdict: 'expired', by: ENGINE }));
    const request = { ...matter, id, expires };
    this.#line?.ask(request, AbortSignal.any([signal, over.signal]), (given) =>
      take(givenOf(given, matter.question !== undefined)),
    );
    try {
      return await promise;
    } finally {
      over.abort();
      stop();
      signal.removeEventListener('abort', cancel);
      this.#waiting.delete(id);
    }
  }

  /** Stores an answer if it is the first and, where a fingerprint says for what, is for that; then acts on it. */
  async take(id: string, given: Given, fingerprint?: string): Promise<Taken> {
    const { live, runtime } = this.#facts;
    const ask = this.#find(id);
    if (ask === undefined) return 'unknown';
    const before = ask.answer ?? (this.#taking.has(id) ? { key: this.#taking.get(id) } : undefined);
    // An entry of the inbox may be seen twice.
    if (before !== undefined) return given.key !== undefined && before.key === given.key ? 'taken' : 'answered';
    if (fingerprint !== undefined && fingerprint !== ask.fingerprint) return 'other';
    this.#taking.set(id, given.key);
    this.#waiting.get(id)?.over.abort();
    try {
      await live.append({ type: 'answer', at: isoNow(runtime.clock), ask: id, ...given });
    } catch (error) {
      this.#waiting.get(id)?.reject(error);
      throw error;
    } finally {
      this.#taking.delete(id);
    }
    this.#tell(ask, given);
    if (given.verdict === 'always') await this.#alike(ask);
    return 'taken';
  }

  /** Asks for a call that runs: what its tool wants to know, or what a sub-session of it asks. */
  async consult(matter: Matter, signal: AbortSignal): Promise<Given> {
    if (matter.question === undefined && this.isGranted(matter.fingerprint)) return { verdict: 'once', by: GRANT };
    const found = matter.id === undefined ? undefined : this.#find(matter.id);
    const how = found === undefined ? this.onAsk : this.onFound;
    if (how === 'fail') this.failure ??= needsPerson(matter);
    if (how !== 'wait' && found?.answer === undefined) {
      const denial: Given = { verdict: 'deny', message: NOBODY, by: ENGINE };
      if (found !== undefined) await this.take(found.id, denial);
      return denial;
    }
    if (signal.aborted && found === undefined) return CANCELLED;
    const opening = this.open([matter]);
    this.#opening.add(opening);
    const [id = ''] = await opening.finally(() => this.#opening.delete(opening));
    return this.answerTo(id, matter, signal);
  }

  /** The call is over, so nobody needs to answer what it still asks. */
  async close(call: string): Promise<void> {
    await Promise.allSettled(this.#opening);
    for (const ask of this.asks())
      if (ask.call === call && ask.answer === undefined) await this.take(ask.id, CANCELLED);
  }

  /** What is allowed always is allowed where it waits already. */
  async #alike({ id, fingerprint }: OpenAsk): Promise<void> {
    for (const ask of this.asks())
      if (ask.answer === undefined && ask.question === undefined && ask.fingerprint === fingerprint)
        await this.take(ask.id, { verdict: 'once', by: id });
  }

  get #told(): OnAsk | undefined {
    return this.#facts.handle.onAsk ?? this.#facts.runtime.onAsk;
  }

  #find(id: string): OpenAsk | undefined {
    return this.asks().find((ask) => ask.id === id);
  }

  #record({ id, call, tool, input, access, reason, question, fingerprint, expires, path }: Matter): AskRecord {
    const { runtime, handle } = this.#facts;
    const now = runtime.clock.now();
    return {
      type: 'ask',
      at: new Date(now).toISOString(),
      turn: handle.id,
      id: id ?? this.newId(),
      call,
      tool,
      access,
      ...(reason !== undefined && { reason }),
      ...(question !== undefined && { question }),
      fingerprint,
      expires: expires ?? new Date(now + runtime.askTimeoutMs).toISOString(),
      ...(path !== undefined && { path, input: jsonSafe(input) }),
    };
  }

  #show({ answer: _answer, at: _at, ...ask }: OpenAsk, input: unknown): void {
    const { live, handle } = this.#facts;
    const chunk = { type: 'approval', ...ask, input, at: { seq: live.state.seq, attempt: 1, offset: 0 } } as const;
    handle.chunk(chunk);
    live.events.emit('approval', chunk);
  }

  #tell({ id, call }: OpenAsk, given: Given): void {
    const { live, handle } = this.#facts;
    const { verdict, message, by } = given;
    const told = message === undefined ? {} : { message };
    const at = { seq: live.state.seq, attempt: 1, offset: 0 };
    const chunk = { type: 'answer', at, id, call, verdict, ...told, by } as const;
    handle.chunk(chunk);
    live.events.emit('answer', chunk);
    this.#waiting.get(id)?.resolve(given);
  }
}

const CANCELLED: Given = { verdict: 'cancelled', by: ENGINE };

const nothing = (): void => undefined;

function givenOf(answer: Answer | undefined, isQuestion: boolean): Given {
  const by = 'asker';
  if (typeof answer?.allow !== 'boolean') return { verdict: 'deny', message: 'nobody answered', by };
  const { allow, always, message, text } = answer;
  if (!allow) return { verdict: 'deny', ...(message !== undefined && { message }), by };
  if (!isQuestion) return { verdict: always === true ? 'always' : 'once', by };
  if (typeof text !== 'string') return { verdict: 'deny', message: 'nobody who can answer a question is there', by };
  return { verdict: 'once', text, by };
}
