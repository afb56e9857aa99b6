import type {
  ForkOptions,
  MessageInput,
  Session,
  SessionEvents,
  SessionOptions,
  TurnOptions,
} from '../contracts/session.ts';
import type { Message, MessageStream, Turn } from '../contracts/turn.ts';
import { abortTurns, withdraw } from '../inbox/abort.ts';
import { knows } from '../inbox/kept-keys.ts';
import { answerAsk, approvalsOf } from '../inbox/answer.ts';
import { clearHistory, deleteMessage, editMessage, pruneContext } from './edit.ts';
import { redo, rewind, undo } from './take-back.ts';
import { contextUsage, ledgerOf, registerTool, setModel, update } from './manage.ts';
import { readAttachmentOf, readMessages } from './messages.ts';
import type { Parts } from './parts.ts';
import { startMessage, startPlainTurn } from './start-turn.ts';
import { exportSession } from './export.ts';

export class SessionHandle implements Session {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.live.id;
  }

  get state(): Session['state'] {
    const { id, model, createdAt, lastMessage, messageCount, tokenUsage, tools, status } = this.head;
    return { id, model, createdAt, lastMessage, messageCount, tokenUsage, tools, status };
  }

  get head(): Session['head'] {
    return this.#parts.live.head;
  }

  get madeBy(): string | undefined {
    return this.#parts.live.state.madeBy;
  }

  get open(): { turn: string; seq: number } | undefined {
    const { open } = this.#parts.live.state;
    return open && { turn: open.turn, seq: open.seq };
  }

  get recovering(): Turn | undefined {
    return this.#parts.recovering;
  }

  message(input: MessageInput, options?: TurnOptions): MessageStream<any> {
    return startMessage(this.#parts, input, options);
  }

  turn(input: MessageInput, options?: TurnOptions): Turn {
    return startPlainTurn(this.#parts, input, options);
  }

  abort(reason = 'The turn was aborted.'): Promise<void> {
    return abortTurns(this.#parts, reason);
  }

  knows(key: string): Promise<boolean> {
    return knows(this.#parts.live, key);
  }

  withdraw(key: string): Promise<void> {
    return withdraw(this.#parts, key);
  }

  approvals(): ReturnType<Session['approvals']> {
    return approvalsOf(this.#parts);
  }

  answer(ask: string, answer: Parameters<Session['answer']>[1]): Promise<void> {
    return answerAsk(this.#parts, ask, answer);
  }

  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this {
    this.#parts.live.events.on(event, listener);
    return this;
  }

  once<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this {
    this.#parts.live.events.once(event, listener);
    return this;
  }

  off<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this {
    this.#parts.live.events.off(event, listener);
    return this;
  }

  registerTool(tool: Parameters<Session['registerTool']>[0]): this {
    registerTool(this.#parts, tool);
    return this;
  }

  setModel(model: SessionOptions['model']): Promise<void> {
    return setModel(this.#parts, model);
  }

  usage(): ReturnType<Session['usage']> {
    return ledgerOf(this.#parts);
  }

  getContextUsage(): { current: number; max: number } {
    return contextUsage(this.#parts);
  }

  getMessages(options: { readonly all?: boolean } = {}): Promise<Message[]> {
    return readMessages(this.#parts.live, options.all ?? false);
  }

  attachment(sha256: string): Promise<Uint8Array> {
    return readAttachmentOf(this.#parts.live, sha256);
  }

  editMessage(...args: Parameters<Session['editMessage']>): Promise<Message> {
    return editMessage(this.#parts, ...args);
  }

  update(...args: Parameters<Session['update']>): Promise<void> {
    return update(this.#parts, ...args);
  }

  deleteMessage(...args: Parameters<Session['deleteMessage']>): Promise<void> {
    return deleteMessage(this.#parts, ...args);
  }

  pruneContext(options: Parameters<Session['pruneContext']>[0] = {}): Promise<void> {
    return pruneContext(this.#parts, options);
  }

  clearHistory(options: NonNullable<Parameters<Session['clearHistory']>[0]> = {}): Promise<void> {
    return clearHistory(this.#parts, options);
  }

  rewind(...args: Parameters<Session['rewind']>): Promise<Message> {
    return rewind(this.#parts, ...args);
  }

  undo(...[options]: Parameters<Session['undo']>): ReturnType<Session['undo']> {
    return undo(this.#parts, options);
  }

  redo(...[options]: Parameters<Session['redo']>): ReturnType<Session['redo']> {
    return redo(this.#parts, options);
  }

  fork(options: ForkOptions = {}): Promise<Session> {
    return this.#parts.doors.fork(this.#parts, options);
  }

  save(): Promise<void> {
    return this.#parts.live.save();
  }

  export(options: { readonly redact?: boolean } = {}): ReturnType<Session['export']> {
    return exportSession(this.#parts.live, options.redact ?? true);
  }
}
