import type { AskAnswer } from '../contracts/ask.ts';
import type { PermissionPolicy, Tool } from '../contracts/tool.ts';
import type { ResultRecord } from '../records/types.ts';
import type { VerdictRecord } from '../records/verdict.ts';
import type { State } from '../state/state.ts';
import type { Cassette, CassetteRecord, CassetteRequest } from './format.ts';
import type { People } from './people.ts';
import { DENIED, UNASKED } from './people.ts';
import type { Player } from './player.ts';
import type { ReplayDifference, ReplayOptions } from './replay-types.ts';
import type { Difference } from './request.ts';
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

/** The tools of a recorded turn: none of them does anything, each call gives what it gave, in the same order. */
export class RecordedTools {
  readonly #results: Map<string, ResultRecord>;
  readonly #waiting = new Map<string, () => void>();
  readonly #verdicts: ReadonlyMap<string, VerdictRecord>;
  readonly #people: People;
  /** The call whose result comes next; `undefined`: whichever. */
  #turn: string | undefined;
  #free = false;

  constructor({ records, people }: Pick<RecordedTurn, 'records' | 'people'>) {
    this.#people = people;
    const results = records.flatMap(({ record }) => (record.type === 'result' ? [record] : []));
    this.#results = new Map(results.map((record) => [record.call, record]));
    const verdicts = records.flatMap(({ record }) => (record.type === 'verdict' ? [record] : []));
    this.#verdicts = new Map(verdicts.map((record) => [record.call, record]));
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
        access: () => ({ effect: 'none' }),
        run: (_input, { call }) => this.#give(call),
        toModel: (output) => {
          const { shown } = output as Recorded;
          // Absent where the model saw the result itself.
          return (shown === undefined ? undefined : [{ type: 'text', text: shown }]) as never;
        },
      };
    });
  }

  /** What was denied is denied again, in the same words and by whoever did; what people allowed gives in its turn what came of it. */
  readonly permissions: PermissionPolicy = {
    decide: ({ call, tool }) => {
      const { asked, denied, needed } = this.#people;
      const judged = this.#verdicts.get(call);
      const result = this.#results.get(call);
      const error = judged === undefined ? result?.error : judged.reason;
      const unasked = judged === undefined && (result === undefined ? needed?.tool === tool : error === UNASKED);
      if (needed !== undefined && unasked)
        return { verdict: 'ask', ...(needed.reason !== undefined && { reason: needed.reason }) };
      if (denied.has(call)) return { verdict: 'ask' };
      if (judged === undefined && asked.has(call)) return { verdict: 'allow' };
      if (error?.startsWith(DENIED)) return { verdict: 'deny', reason: error.slice(DENIED.length) };
      return { verdict: 'allow' };
    },
  };

  /** What a person says again who did not allow a call, once it is the call's turn. */
  async refusal(call: string): Promise<AskAnswer> {
    const judged = this.#verdicts.get(call);
    if (judged === undefined) await this.#itsTurn(call);
    const error = (judged === undefined ? this.#results.get(call)?.error : judged.reason) ?? '';
    return { verdict: 'deny', ...(error.startsWith(DENIED) && { message: error.slice(DENIED.length) }) };
  }

  /** The result that was stored next is this call's. */
  next(call: string | undefined): void {
    this.#turn = call;
    if (call !== undefined) this.#waiting.get(call)?.();
  }

  /** Whether a call waits until its result is the next one. */
  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  /** Nobody comes any more: everybody may go. */
  release(): void {
    this.#free = true;
    for (const go of this.#waiting.values()) go();
  }

  async #give(call: string): Promise<Recorded> {
    await this.#itsTurn(call);
    const record = this.#results.get(call);
    if (record === undefined) throw new Error('The recording has no result of this call.');
    if (record.error !== undefined) throw new Error(record.error);
    return new Recorded(record);
  }

  async #itsTurn(call: string): Promise<void> {
    if (this.#turn !== call && !this.#free) await new Promise<void>((go) => this.#waiting.set(call, go));
    this.#waiting.delete(call);
  }
}
