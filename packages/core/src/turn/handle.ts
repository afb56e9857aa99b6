import type { Tool } from '../contracts/tool.ts';
import type { At, Chunk, ChunkOf, Message, MessageStream, Outcome, Turn, TurnEvents } from '../contracts/turn.ts';
import type { OnAsk } from '../contracts/ask.ts';
import { RepriseError } from '../errors.ts';
import { Emitter } from './emitter.ts';
import { Feed } from './feed.ts';

type Discrete = Exclude<Chunk, ChunkOf<'text' | 'reasoning'>>;

/** What people hold of a turn, and the turn's side of it. The engine writes, everybody else reads. */
export class TurnHandle implements Turn {
  readonly id: string;
  readonly #feed = new Feed();
  readonly #events: Emitter<TurnEvents>;
  readonly #aborter = new AbortController();
  readonly #done = Promise.withResolvers<Outcome>();
  #ended = false;

  constructor(id: string, report: (error: unknown) => void) {
    this.id = id;
    this.#events = new Emitter<TurnEvents>(report);
  }

  [Symbol.asyncIterator](): AsyncIterator<Chunk> {
    return this.#feed.read();
  }

  on<K extends keyof TurnEvents>(event: K, listener: (value: TurnEvents[K]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  once<K extends keyof TurnEvents>(event: K, listener: (value: TurnEvents[K]) => void): this {
    this.#events.once(event, listener);
    return this;
  }

  off<K extends keyof TurnEvents>(event: K, listener: (value: TurnEvents[K]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  outcome(): Promise<Outcome> {
    return this.#done.promise;
  }

  abort(reason?: string): Promise<Outcome> {
    this.#aborter.abort(new RepriseError('ABORTED', reason ?? 'The turn was aborted.'));
    return this.#done.promise;
  }

  // ── the engine's side ──

  /** What this turn does where a person is needed, if it was told. */
  onAsk: OnAsk | undefined;
  /** What the caller's own schema makes of the answer; its JSON schema is recorded. */
  output: Tool['input'] | undefined;

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  queued(key: string): void {
    this.#events.emit('queued', { key });
  }

  joined(turn: string, seq: number): void {
    this.#events.emit('joined', { turn, seq });
  }

  /** `turn`: its id, where the handle was made before that was known. */
  started(session: string, turn = this.id): void {
    this.#events.emit('start', { turn, session });
  }

  /** A delta. Hot: `at` is asked only where somebody is told of it. */
  spawned(facts: TurnEvents['spawn']): void {
    this.#events.emit('spawn', facts);
  }

  flow(kind: 'text' | 'reasoning', content: string, at: () => At): void {
    this.#feed.flow(kind, content, at);
    if (this.#events.hears(kind)) this.#events.emit(kind, { type: kind, at: at(), content });
  }

  /** A tool that was left behind may still speak; nobody hears it after the end. */
  chunk(chunk: Discrete): void {
    if (this.#ended) return;
    this.#feed.push(chunk);
    this.#events.emit(chunk.type, chunk as never);
  }

  /** The last word: ends the feed, tells listeners, settles the promise. */
  finish(outcome: Outcome): void {
    this.#ended = true;
    const failed = outcome.status === 'failed' || outcome.status === 'aborted' ? outcome.error : undefined;
    this.#feed.end(failed);
    if (failed !== undefined) this.#events.emit('error', failed);
    this.#events.emit('end', outcome);
    this.#done.resolve(outcome);
  }
}

/** The same turn with `then`: each promise is made when asked for, so a failure that nobody reads rejects nothing. */
export class AwaitableTurn extends TurnHandle implements MessageStream {
  readonly [Symbol.toStringTag] = 'MessageStream';

  then<A = Message, B = never>(
    onFulfilled?: ((value: Message) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#message().then(onFulfilled, onRejected);
  }

  catch<R = never>(onRejected?: ((error: any) => R | PromiseLike<R>) | null): Promise<Message | R> {
    return this.#message().catch(onRejected);
  }

  finally(done?: (() => void) | null): Promise<Message> {
    return this.#message().finally(done);
  }

  async #message(): Promise<Message> {
    const outcome = await this.outcome();
    if (outcome.message !== undefined && outcome.status !== 'failed' && outcome.status !== 'aborted')
      return outcome.message;
    throw outcome.error ?? new RepriseError('INTERNAL', 'The turn ended without a message.');
  }
}
