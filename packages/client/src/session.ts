import type {
  AskAnswer,
  Asker,
  Expected,
  ExportedSession,
  FeedEvent,
  FollowOptions,
  Message,
  MessageInput,
  OnAsk,
  Outcome,
  PendingAsk,
  Session,
  SessionEvents,
  SessionHead,
  SessionOptions,
  SessionState,
  SessionUsage,
  TurnOptions,
  MessageStream,
  Undone,
} from '@reprise/core';
import { AwaitableTurn, Emitter, TurnHandle } from '@reprise/core/turn';
import { askFor } from './asking.ts';
import type { Call, Connection } from './http.ts';
import { ask, bytesOf } from './http.ts';
import { follow } from './follow.ts';
import { everyMessage } from './messages.ts';
import { approvalsOf, contextOf, usageOf } from './reads.ts';
import type { SessionSide } from './reader.ts';
import { sendingOf } from './sending.ts';
import { conduct } from './turn.ts';

type Same =
  | 'id'
  | 'state'
  | 'head'
  | 'turn'
  | 'abort'
  | 'attachment'
  | 'approvals'
  | 'answer'
  | 'usage'
  | 'withdraw'
  | 'getMessages'
  | 'editMessage'
  | 'deleteMessage'
  | 'pruneContext'
  | 'clearHistory'
  | 'rewind'
  | 'undo'
  | 'redo'
  | 'export';

interface Rewound {
  readonly message: Message;
  readonly session: SessionHead;
}

interface Told extends Pick<Undone, 'message'> {
  readonly what: Undone['what'] | null;
  readonly session: SessionHead;
}

/** What a session may be changed in. A model is named, for it is the server's. */
export type SessionChange = Partial<Omit<SessionOptions, 'model' | 'sessionId' | 'autoSave' | 'recover'>> & {
  readonly model?: string;
};

/** A session on a server: what `Session` of `@reprise/core` does, there. `state` and `head` are as of the last answer. */
export interface RemoteSession extends Pick<Session, Same> {
  /** Listeners hear of what this handle's turns do; `follow` tells of everybody's. */
  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this;
  once<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this;
  off<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this;
  /** As in the library; an `output` is a JSON schema here, and so is not typed. */
  message(input: MessageInput, options?: TurnOptions): MessageStream;
  /** Tokens that the next request would take, about. */
  contextUsage(): Promise<{ readonly current: number; readonly max: number }>;
  /** CONFLICT where the session is not at record `expected` any more. */
  update(change: SessionChange, options?: { readonly expected?: number }): Promise<SessionHead>;
  fork(options?: { readonly fromMessage?: string; readonly newSessionId?: string }): Promise<RemoteSession>;
  follow(options?: FollowOptions): AsyncIterable<FeedEvent>;
}

export interface Facts {
  readonly connection: Connection;
  readonly fresh: () => string;
  readonly report: (error: unknown) => void;
  readonly ask?: Asker;
  readonly onAsk?: OnAsk;
}

export class RemoteHandle implements RemoteSession {
  readonly #facts: Facts;
  readonly #events: Emitter<SessionEvents>;
  #head: SessionHead;
  /** Turns of this handle are answered in order. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(facts: Facts, head: SessionHead) {
    this.#facts = facts;
    this.#head = head;
    this.#events = new Emitter<SessionEvents>(facts.report);
  }

  get id(): string {
    return this.#head.id;
  }

  get head(): SessionHead {
    return this.#head;
  }

  get state(): SessionState {
    const { id, model, createdAt, lastMessage, messageCount, tokenUsage, tools, status } = this.#head;
    return { id, model, createdAt, lastMessage, messageCount, tokenUsage, tools, status };
  }

  message(input: MessageInput, options?: TurnOptions): AwaitableTurn {
    const key = options?.key ?? this.#facts.fresh();
    return this.#start(new AwaitableTurn(key, this.#facts.report), input, key, options);
  }

  turn(input: MessageInput, options?: TurnOptions): TurnHandle {
    const key = options?.key ?? this.#facts.fresh();
    return this.#start(new TurnHandle(key, this.#facts.report), input, key, options);
  }

  async abort(reason?: string): Promise<void> {
    await this.#ask({ method: 'POST', path: '/abort', body: { reason }, key: this.#facts.fresh() });
  }

  approvals(): Promise<readonly PendingAsk[]> {
    return approvalsOf(this.#facts.connection, this.id);
  }

  usage(): Promise<SessionUsage> {
    return usageOf(this.#facts.connection, this.id);
  }

  async answer(ask: string, { by: _by, ...answer }: AskAnswer): Promise<void> {
    await this.#ask({ method: 'POST', path: `/approvals/${encodeURIComponent(ask)}`, body: answer });
  }

  async withdraw(key: string): Promise<void> {
    await this.#ask({ method: 'DELETE', path: `/waiting/${encodeURIComponent(key)}` });
  }

  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this {
    this.#events.on(event, listener);
    return this;
  }

  once<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this {
    this.#events.once(event, listener);
    return this;
  }

  off<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this {
    this.#events.off(event, listener);
    return this;
  }

  contextUsage(): Promise<{ readonly current: number; readonly max: number }> {
    return contextOf(this.#facts.connection, this.id);
  }

  async getMessages(options: { readonly all?: boolean } = {}): Promise<Message[]> {
    const { messages, error } = await everyMessage(this.#facts.connection, this.id, options.all ?? false);
    if (error !== undefined) this.#events.emit('warning', { message: error.message });
    return messages;
  }

  async editMessage(
    id: string,
    change: { readonly content?: string; readonly important?: boolean },
    { expected }: { readonly expected?: number } = {},
  ): Promise<Message> {
    const path = `/messages/${encodeURIComponent(id)}`;
    const message = await this.#ask<Message>({
      method: 'PATCH',
      path,
      body: change,
      ...(expected !== undefined && { ifMatch: expected }),
    });
    await this.#refresh();
    return message;
  }

  async deleteMessage(id: string, { expected }: { readonly expected?: number } = {}): Promise<void> {
    const path = `/messages/${encodeURIComponent(id)}`;
    await this.#ask({ method: 'DELETE', path, ...(expected !== undefined && { ifMatch: expected }) });
    await this.#refresh();
  }

  async pruneContext({ expected, ...how }: NonNullable<Parameters<Session['pruneContext']>[0]> = {}): Promise<void> {
    this.#head = await this.#change('/prune', how, expected);
  }

  async clearHistory({ expected, ...how }: NonNullable<Parameters<Session['clearHistory']>[0]> = {}): Promise<void> {
    this.#head = await this.#change('/clear', how, expected);
  }

  async rewind(message: string, { expected }: Expected = {}): Promise<Message> {
    const answer = await this.#change<Rewound>('/rewind', { message }, expected, this.#facts.fresh());
    this.#head = answer.session;
    return answer.message;
  }

  undo(options?: Expected): Promise<Undone | undefined> {
    return this.#undo('/undo', options);
  }

  redo(options?: Expected): Promise<Undone | undefined> {
    return this.#undo('/redo', options);
  }

  async update(change: SessionChange, { expected }: { readonly expected?: number } = {}): Promise<SessionHead> {
    this.#head = await this.#ask({
      method: 'PATCH',
      path: '',
      body: change,
      ...(expected !== undefined && { ifMatch: expected }),
    });
    return this.#head;
  }

  async fork(options: { readonly fromMessage?: string; readonly newSessionId?: string } = {}): Promise<RemoteSession> {
    const head = await this.#ask<SessionHead>({
      method: 'POST',
      path: '/fork',
      body: options,
      key: this.#facts.fresh(),
    });
    return new RemoteHandle(this.#facts, head);
  }

  attachment(sha256: string): Promise<Uint8Array> {
    const path = `/sessions/${this.id}/attachments/${encodeURIComponent(sha256)}`;
    return bytesOf(this.#facts.connection, { method: 'GET', path });
  }

  export({ redact }: { readonly redact?: boolean } = {}): Promise<ExportedSession> {
    return this.#ask({ method: 'GET', path: '/export', query: { redact } });
  }

  follow(options?: FollowOptions): AsyncIterable<FeedEvent> {
    return follow(this.#facts.connection, this.id, options);
  }

  #start<T extends TurnHandle>(handle: T, input: MessageInput, key: string, options: TurnOptions = {}): T {
    const { ask: asker, onAsk, report } = this.#facts;
    const sending = sendingOf(this.id, key, input, options, onAsk);
    if (asker !== undefined) {
      const answer = (id: string, said: AskAnswer): Promise<void> => this.answer(id, said);
      askFor(handle, { ask: asker, head: () => this.#head, answer, report });
    }
    // What is queued or steers finds its place on the server.
    const before = (options.busy ?? 'fail') === 'fail' ? this.#last : Promise.resolve();
    const run = async (): Promise<void> => {
      await before;
      const outcome = await conduct(this.#facts.connection, handle, sending, this.#side());
      await this.#refresh().catch(() => undefined);
      if (outcome.status === 'failed' && outcome.error !== undefined) this.#events.emit('error', outcome.error);
      this.#finish(handle, outcome);
    };
    // After the caller's synchronous code, so that its listeners miss nothing.
    this.#last = Promise.resolve().then(run);
    return handle;
  }

  #finish(handle: TurnHandle, outcome: Outcome): void {
    if (outcome.steps > 0) this.#events.emit('save', { id: this.id, seq: this.#head.seq });
    handle.finish(outcome);
  }

  #side(): SessionSide {
    const events = this.#events;
    return {
      message: (message) => events.emit('message', message),
      tool: (chunk) =>
        chunk.type === 'tool_call' ? events.emit('tool_call', chunk) : events.emit('tool_result', chunk),
      usage: (usage) => {
        const { input, output, total } = this.#head.tokenUsage;
        const session = { input: input + usage.input, output: output + usage.output, total: total + usage.total };
        this.#head = { ...this.#head, tokenUsage: session };
        events.emit('token_usage', { ...usage, session });
      },
      warning: (message) => events.emit('warning', { message }),
    };
  }

  async #refresh(): Promise<void> {
    this.#head = await this.#ask({ method: 'GET', path: '' });
  }

  async #undo(path: string, { expected }: Expected = {}): Promise<Undone | undefined> {
    const { what, session, ...about } = await this.#change<Told>(path, undefined, expected, this.#facts.fresh());
    this.#head = session;
    return what === null ? undefined : { what, ...about };
  }

  #change<T = SessionHead>(path: string, body: object | undefined, expected?: number, key?: string): Promise<T> {
    return this.#ask({
      method: 'POST',
      path,
      body,
      ...(expected !== undefined && { ifMatch: expected }),
      ...(key !== undefined && { key }),
    });
  }

  #ask<T>(call: Call): Promise<T> {
    return ask<T>(this.#facts.connection, { ...call, path: `/sessions/${this.id}${call.path}` });
  }
}
