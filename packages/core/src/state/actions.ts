import type { ConversationChange } from '../contracts/history.ts';
import type { Rec, TakeBack } from '../records/types.ts';
import type { Numbered } from './taken-back.ts';
import { TakenBack, takesBack } from './taken-back.ts';

/** What somebody did to the conversation, and the message that it is about. */
export interface Action {
  readonly seq: number;
  readonly what: ConversationChange;
  readonly message?: string;
}

/** What people did to a conversation, from its log: what an undo takes back, and a redo brings again. Whatever the engine does belongs to an exchange. */
export class Actions {
  readonly #actions: Action[] = [];
  readonly #takeBacks: Numbered<TakeBack>[] = [];
  #turn: string | undefined;

  /** `turn`: the one that is open where the records begin. */
  constructor(turn?: string) {
    this.#turn = turn;
  }

  /** The records of the log in their order. */
  add(seq: number, record: Rec | undefined): void {
    if (takesBack(record)) this.#takeBacks.push({ seq, record });
    const what = this.#whatOf(record);
    if (what === undefined) return;
    const message = record === undefined ? undefined : messageOf(record);
    this.#actions.push({ seq, what, ...(message !== undefined && { message }) });
  }

  #whatOf(record: Rec | undefined): ConversationChange | undefined {
    switch (record?.type) {
      case 'message': {
        // What steers a turn is part of its exchange.
        if (record.role !== 'user' || (record.turn !== undefined && record.turn === this.#turn)) return undefined;
        this.#turn = record.turn;
        return 'exchange';
      }
      case 'turn-end':
        if (record.turn === this.#turn) this.#turn = undefined;
        return undefined;
      case 'edit':
      case 'delete':
      case 'rewind':
        return record.type;
      case 'boundary':
        return this.#turn !== undefined || record.reason === 'compact' ? undefined : record.reason;
      default:
        return undefined;
    }
  }

  /** The newest that counts. */
  toUndo(): Action | undefined {
    const taken = TakenBack.by(this.#takeBacks);
    return this.#actions.findLast((action) => isDone(action, taken));
  }

  /** The newest undo that counts, with what it took back; `undefined` where something was done since. */
  toRedo(): (Action & { readonly of: number }) | undefined {
    const taken = TakenBack.by(this.#takeBacks);
    const undo = this.#takeBacks.findLast(
      ({ seq, record }) => record.type === 'undo' && record.redo !== true && !taken.undid(seq),
    );
    if (undo?.record.type !== 'undo') return undefined;
    const { seq, record } = undo;
    if ((this.toUndo()?.seq ?? 0) > seq) return undefined;
    const { of, what, message } = record;
    return { seq, of, what, ...(message !== undefined && { message }) };
  }
}

function isDone({ seq, what }: Action, taken: TakenBack): boolean {
  if (what === 'exchange') return !taken.covers(seq);
  const inside = (what === 'prune' || what === 'clear') && taken.covers(seq);
  return !inside && !taken.undid(seq);
}

function messageOf(record: Rec): string | undefined {
  if (record.type === 'message') return record.id;
  return record.type === 'edit' || record.type === 'delete' || record.type === 'rewind' ? record.message : undefined;
}
