import type { JSONValue } from '@ai-sdk/provider';
import type { Effort } from '../contracts/model.ts';
import type { SessionState } from '../contracts/storage.ts';
import type { TurnUsage } from '../contracts/turn.ts';
import { estimateTokens } from '../context/estimate.ts';
import type {
  AnswerRecord,
  AskRecord,
  Begun,
  BodyRecord,
  MessageRecord,
  Repair,
  ReserveRecord,
  StoredFile,
} from '../records/types.ts';
import type { Limits, UsageByModel } from '../contracts/usage.ts';
import type { Ledger, Spending } from './ledger.ts';
import { EMPTY_LEDGER, NO_SPENDING } from './ledger.ts';
import { List } from './list.ts';
import type { Keys } from './keys.ts';
import type { Ruling } from './verdicts.ts';

/** A record in the window, with the tokens that its body takes, about. */
export interface Entry {
  readonly seq: number;
  readonly record: BodyRecord;
  readonly tokens: number;
}

export interface Change {
  readonly content?: string;
  readonly important?: boolean;
}

/** A question, and its answer once it has one. */
export interface OpenAsk extends Omit<AskRecord, 'type' | 'turn'> {
  readonly answer?: Omit<AnswerRecord, 'type' | 'ask'>;
}

/** A turn that has no terminal record yet. */
export interface OpenTurn {
  readonly turn: string;
  /** The record that opened it. */
  readonly seq: number;
  readonly steps: number;
  readonly usage: TurnUsage;
  /** Calls of the last step without a result, in call order. */
  readonly pending: readonly { readonly id: string; readonly tool: string }[];
  /** What people were asked about the last step, oldest first. */
  readonly asks?: readonly OpenAsk[];
  /** Calls of the last step that are known to have begun. */
  readonly begun?: readonly string[];
  /** What the provider asks in the last step: whether it may run calls of its own. */
  readonly requests?: {
    readonly step: string;
    readonly asked: readonly { readonly request: string; readonly call: string }[];
  };
  /** Attempts of the step in flight. */
  readonly attempt: number;
  /** Parked: no model is asked before this time. */
  readonly until?: string;
  /** JSON schema of what it is to give, and how often an answer did not fit. */
  readonly output?: JSONValue;
  readonly corrections?: number;
  /** How hard the model thinks in it, where that was said. */
  readonly effort?: Effort;
  /** Its own limits. */
  readonly budget?: Limits;
  /** By its own calls and by sub-sessions of it that have ended. */
  readonly spent: Spending;
  /** The model call that is under way. */
  readonly reserved?: Pick<ReserveRecord, 'model' | 'input' | 'output' | 'price'>;
  /** Sub-sessions that run, each with what it took so far. */
  readonly children: Readonly<Record<string, UsageByModel['models']>>;
  /** Sub-sessions that it began. */
  readonly spawned: number;
  /** It runs since then; before, in a process that is gone, it ran so many milliseconds. */
  readonly since: string;
  readonly ms: number;
  /** People are asked: until the last of them has answered, its time stands still at `ms`. */
  readonly asking?: true;
  /** Its newest record. */
  readonly last: string;
}

/** A turn that has nothing but its message. */
export function opened(turn: string, seq: number, { timestamp, effort, budget, output }: MessageRecord): OpenTurn {
  return {
    turn,
    seq,
    steps: 0,
    usage: NO_USAGE,
    pending: [],
    attempt: 1,
    ...(effort !== undefined && { effort }),
    ...(output !== undefined && { output }),
    ...(budget !== undefined && { budget }),
    spent: NO_SPENDING,
    children: {},
    spawned: 0,
    since: timestamp,
    ms: 0,
    last: timestamp,
  };
}

/** What a session is after its records, with the bodies of the window alone. Only `reduce` makes one. */
export interface State extends Begun {
  readonly seq: number;
  readonly createdAt: string;
  readonly lastMessage: string;
  readonly messageCount: number;
  readonly usage: SessionState['tokenUsage'];
  readonly ledger: Ledger;
  /** The last turn failed. */
  readonly failed: boolean;
  /** … because the provider refused the request. */
  readonly refused: boolean;
  /** What `getMessages()` shows starts here. */
  readonly clearedFrom: number;
  /** The window starts here; pinned records before it are in `entries` too. */
  readonly windowFrom: number;
  readonly entries: List<Entry>;
  /** Stands for what a compaction took out of the window. */
  readonly summary?: string;
  /** Sum of the entries' tokens. */
  readonly tokens: number;
  /** Hashes of attachments whose bytes are gone. */
  readonly lost?: readonly string[];
  /** What was changed of messages in the window, by message id: a fold that starts at a checkpoint reads the old bodies. */
  readonly edits: Readonly<Record<string, Change>>;
  /** What requests leave out because the provider refused it. */
  readonly repair?: Repair;
  /** The last record that changed what a request begins with: reasoning that is bound to its prefix is void before it. */
  readonly prefixFrom: number;
  readonly open?: OpenTurn;
  /** Whether calls of steps in the window that providers run themselves may run. */
  readonly verdicts?: readonly Ruling[];
  /** Under which its messages were sent, also those that left the window or were taken back. */
  readonly keys?: Keys;
  /** Fingerprints of calls that a person allowed for the whole session. */
  readonly grants: readonly string[];
  /** Newest checkpoint, and what was written since. */
  readonly checkpoint: number;
  readonly since: { readonly records: number; readonly characters: number };
  /** A record took others back: what is in the window has to be folded from the whole log (`Refold`). Never at rest. */
  readonly stale?: true;
}

export const NO_USAGE: TurnUsage = { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 };

export function addUsage(a: TurnUsage, b: TurnUsage | undefined): TurnUsage {
  if (b === undefined) return a;
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cached: a.cached + b.cached,
    ...plus('cacheWrite', a.cacheWrite, b.cacheWrite),
    reasoning: a.reasoning + b.reasoning,
    total: a.total + b.total,
    ...plus('cost', a.cost, b.cost),
  };
}

/** What neither knows stays unknown. */
function plus<K extends string>(key: K, a: number | undefined, b: number | undefined): { [key in K]?: number } {
  return a === undefined && b === undefined ? {} : ({ [key]: (a ?? 0) + (b ?? 0) } as { [key in K]: number });
}

/** Before the first record. */
export const EMPTY: State = {
  seq: 0,
  createdAt: '',
  model: { requested: '', name: '' },
  system: [],
  tools: [],
  named: false,
  settings: {},
  lastMessage: '',
  messageCount: 0,
  usage: { input: 0, output: 0, total: 0 },
  ledger: EMPTY_LEDGER,
  failed: false,
  refused: false,
  clearedFrom: 1,
  windowFrom: 1,
  entries: List.of<Entry>([]),
  tokens: 0,
  edits: {},
  prefixFrom: 0,
  grants: [],
  checkpoint: 0,
  since: { records: 0, characters: 0 },
};

export function entryOf(seq: number, record: BodyRecord): Entry {
  return { seq, record, tokens: bodyTokens(record) };
}

/** A few tokens a message go to roles and brackets. */
const FRAME = 4;

function bodyTokens(record: BodyRecord): number {
  switch (record.type) {
    case 'message':
      return FRAME + estimateTokens(record.content) + fileTokens(record.attachments);
    case 'result': {
      const text = record.shown ?? record.error ?? textOf(record.result);
      return FRAME + estimateTokens(text) + fileTokens(record.attachments);
    }
    case 'step': {
      let sum = FRAME + estimateTokens(record.content);
      for (const call of record.toolCalls ?? [])
        sum += FRAME + estimateTokens(call.tool) + estimateTokens(textOf(call.params));
      for (const part of record.parts ?? []) {
        if (part.type === 'reasoning') sum += estimateTokens(part.text);
        else if (part.type !== 'text' && part.type !== 'tool-call') sum += estimateTokens(JSON.stringify(part));
      }
      return sum;
    }
    default:
      return record satisfies never;
  }
}

function fileTokens(files: readonly StoredFile[] = []): number {
  return files.reduce((sum, { tokens }) => sum + tokens, 0);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
