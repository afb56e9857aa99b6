import type { Asker, PermissionPolicy, Tool, ToolContext } from '../contracts/tool.ts';
import type { AnswerRecord, AskRecord, Rec, ResultRecord } from '../records/types.ts';
import type { State } from '../state/state.ts';
import type { Cassette, CassetteRecord, CassetteRequest } from './format.ts';
import type { Player } from './player.ts';
import type { ReplayDifference, ReplayOptions } from './replay-types.ts';
import { toJson } from './json.ts';
import type { Difference } from './request.ts';
import { firstDifference } from './request.ts';
import type { RecordedTurn } from './turns.ts';

/** One turn that is played again. */
export interface TurnScene {
  readonly session: string;
  readonly turn: RecordedTurn;
  readonly before: readonly CassetteRecord[];
  /** After `before`. */
  readonly state: State;
  readonly cassette: Cassette;
  readonly player: Player;
  readonly options: ReplayOptions;
}

export type TurnDifference = Difference & Pick<ReplayDifference, 'in'>;

/** What the policy said, as the model was told it. */
const DENIED = 'Permission denied: ';

/** What a tool gave, as it was recorded: the same to whoever stores it, and the same to the model. */
class Recorded {
  readonly #result: unknown;
  readonly shown: string | undefined;

  constructor({ result, shown }: ResultRecord) {
    this.#result = result;
    this.shown = shown;
  }

  toJSON(): unknown {
    return this.#result;
  }
}

/** The tools of a recorded turn, and the people: nobody does anything, each call gives what it gave, each answer is what it was, in the same order. */
export class RecordedTools {
  readonly #results: ReadonlyMap<string, ResultRecord>;
  readonly #asks: readonly AskRecord[];
  readonly #answers: ReadonlyMap<string, AnswerRecord>;
  readonly #params: ReadonlyMap<string, unknown>;
  readonly #waiting = new Map<string, () => void>();
  /** Whose record comes next. */
  #next: string | undefined;
  #free = false;

  constructor(recorded: readonly CassetteRecord[]) {
    const records = recorded.map(({ record }) => record);
    this.#results = new Map(records.flatMap((record) => (record.type === 'result' ? [[record.call, record]] : [])));
    this.#asks = records.flatMap((record) => (record.type === 'ask' ? [record] : []));
    const calls = records.flatMap((record) => (record.type === 'step' ? (record.toolCalls ?? []) : []));
    this.#params = new Map(calls.map(({ id, params }) => [id, params]));
    this.#answers = new Map(records.flatMap((record) => (record.type === 'answer' ? [[record.ask, record]] : [])));
  }

  /** As the model was told of them, where a request of the recording shows it. */
  tools(names: readonly string[], request: CassetteRequest | undefined): Tool[] {
    const told = (request?.['tools'] ?? []) as readonly { name: string; description?: string; inputSchema?: object }[];
    return names.map((name): Tool => {
      const { description = '', inputSchema = { type: 'object' } } = told.find((one) => one.name === name) ?? {};
      return {
        name,
        description,
        input: inputSchema as Tool['input'] & object,
        replay: 'safe',
        // Whoever was asked was shown it.
        access: (input) => this.#shown(name, input)?.access ?? { effect: 'none' },
        run: (_input, context) => this.#run(context),
        toModel: (output) => {
          const { shown } = output as Recorded;
          // Absent where the model saw the result itself.
          return (shown === undefined ? undefined : [{ type: 'text', text: shown }]) as never;
        },
      };
    });
  }

  /** What was asked is asked again, and what was denied is denied again, in the same words. */
  readonly permissions: PermissionPolicy = {
    decide: ({ call }) => {
      const ask = this.#asks.find((each) => each.call === call && each.question === undefined);
      if (ask !== undefined) return { verdict: 'ask', ...(ask.reason !== undefined && { reason: ask.reason }) };
      const error = this.#results.get(call)?.error;
      if (error?.startsWith(DENIED) !== true) return { verdict: 'allow' };
      return { verdict: 'deny', reason: error.slice(DENIED.length) };
    },
  };

  /** Whoever answered answers; where nobody did, the time runs out or the turn ends. */
  readonly ask: Asker = async ({ id }, signal) => {
    const answer = this.#answers.get(id);
    if (answer === undefined || answer.verdict === 'expired' || answer.verdict === 'cancelled')
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    await this.#comes(id);
    const { verdict, message, text } = answer;
    if (verdict === 'deny') return { allow: false, ...(message !== undefined && { message }) };
    return { allow: true, ...(verdict === 'always' && { always: true }), ...(text !== undefined && { text }) };
  };

  /** The record that was stored next. */
  next(record: Rec | undefined): void {
    this.#next = record?.type === 'result' ? record.call : record?.type === 'answer' ? record.ask : undefined;
    if (this.#next !== undefined) this.#waiting.get(this.#next)?.();
  }

  /** Nobody comes any more: everybody may go. */
  release(): void {
    this.#free = true;
    for (const go of this.#waiting.values()) go();
  }

  /** The question about a call with this input. */
  #shown(name: string, input: unknown): AskRecord | undefined {
    const asks = this.#asks.filter(({ tool }) => tool === name);
    return asks.find(({ call }) => firstDifference(toJson(this.#params.get(call)), toJson(input)) === undefined);
  }

  async #run({ call, ask }: ToolContext): Promise<Recorded> {
    for (const { question } of this.#asks.filter((each) => each.call === call))
      if (question !== undefined) await ask(question).catch(() => undefined);
    await this.#comes(call);
    const record = this.#results.get(call);
    if (record === undefined) throw new Error('The recording has no result of this call.');
    if (record.error !== undefined) throw new Error(record.error);
    return new Recorded(record);
  }

  async #comes(id: string): Promise<void> {
    if (this.#next !== id && !this.#free) await new Promise<void>((go) => this.#waiting.set(id, go));
    this.#waiting.delete(id);
  }
}
