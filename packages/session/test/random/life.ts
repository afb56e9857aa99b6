import fc from 'fast-check';
import type {
  AttachmentInput,
  CustomTool,
  Message,
  PruneStrategy,
  Session,
  Sessions,
  SessionStorage,
  Tool,
  ToolContext,
  TurnOptions,
} from '@reprise/core';
import { RepriseError, isCoded, memoryStorage } from '@reprise/core';
import { samplePdf, samplePng } from '@reprise/fake-provider';
import { createModels } from '@reprise/providers';
import { createDefaultSessions } from '@reprise/session';
import { MODELS, environmentOf } from '../support.ts';
import type { Reply, Says } from './wire.ts';
import { Wire } from './wire.ts';

/** One thing that happens to a session. Places are shares of what is there, so that any of them fits any history. */
export type Event =
  | {
      readonly do: 'message';
      readonly text: string;
      readonly replies: readonly Reply[];
      readonly files?: readonly FileName[];
      /** A value is asked for. */
      readonly valued?: boolean;
    }
  | { readonly do: 'edit'; readonly at: number; readonly content: string }
  | { readonly do: 'mark'; readonly at: number }
  | { readonly do: 'delete'; readonly at: number }
  | { readonly do: 'prune'; readonly keepLast?: number }
  | { readonly do: 'clear'; readonly keepLast: number }
  | { readonly do: 'rewind'; readonly at: number }
  | { readonly do: 'undo' | 'redo' }
  | { readonly do: 'fork'; readonly at?: number }
  /** The process is gone, and of the log only a share of its end is left, as after a crash at any record. */
  | { readonly do: 'crash'; readonly lost: number }
  | { readonly do: 'model'; readonly model: string; readonly tools: boolean }
  /** The bytes of some attachments are gone, or are others. */
  | { readonly do: 'spoil'; readonly how: 'gone' | 'other' }
  /** So small that old messages leave, or as large as can be. */
  | { readonly do: 'window'; readonly tokens: number; readonly strategy: PruneStrategy }
  | { readonly do: 'export' }
  | { readonly do: 'import'; readonly messages: readonly object[] };

const LARGE = 200_000;

const GIF = new TextEncoder().encode('GIF89a\u0001\u0000\u0001\u0000');
/** Files that providers take, take in part, or would choke on. */
const FILES = {
  picture: { data: samplePng(), name: 'a.png' },
  other: { data: samplePng(2500, 9) },
  mistyped: { data: samplePng(7), mediaType: 'image/jpeg' },
  gif: { data: GIF },
  paper: { data: samplePdf(2), name: 'Grüße "1".pdf' },
  text: { text: 'let x = 1;', name: 'x.ts' },
  blank: { text: ' ', name: '\ud800' },
  heavy: { data: samplePng(9, 9, 4_000_000) },
  wide: { data: samplePng(9000) },
  broken: { data: new Uint8Array([1, 0, 2]), mediaType: 'image/png' },
} as const satisfies Record<string, AttachmentInput>;
export type FileName = keyof typeof FILES;
const file = fc.constantFrom(...(Object.keys(FILES) as FileName[]));
const text = fc.oneof(
  fc.constantFrom('', ' ', '\n\t', 'Hello', '\ud800 half', '😀', '\u0000', 'x'.repeat(300), '{"a":1}'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const id = fc.constantFrom('call_1', 'call_2', '', 'a b', 'ünï', 'x'.repeat(80), 'toolu_1');
const tool = fc.constantFrom(
  'look',
  'look',
  'show',
  'fail',
  'blank',
  'odd',
  'LOOK',
  'functions.look',
  '',
  'no such',
  '9lives',
  'y'.repeat(100),
);
const json = fc.constantFrom(
  '{}',
  '{"at":"x"}',
  '{"at":',
  '[]',
  '"text"',
  '',
  '{"at":"\\ud800"}',
  '{"constructor":{"a":1}}',
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const says: fc.Arbitrary<Says> = fc
  .record({
    thinking: optional(text),
    text: optional(text),
    calls: fc.array(fc.record({ id, name: tool, json }), { maxLength: 3 }),
    served: fc.oneof(
      { weight: 4, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom('whole' as const, 'alone' as const) },
    ),
    cut: rarely(),
    pause: rarely(),
    backwards: rarely(),
  })
  .map(({ thinking, text: said, served, ...rest }) => ({
    ...rest,
    ...(thinking !== undefined && { thinking }),
    ...(said !== undefined && { text: said }),
    ...(served !== undefined && { served }),
  }));
const reply: fc.Arbitrary<Reply> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('says' as const), says }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('breaks' as const), says, after: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stalls' as const), says, after: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'refuses' as const }) },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });
const foreign = fc.record(
  {
    id: fc.constantFrom('m1', 'm2', 'm3'),
    role: fc.constantFrom('user', 'assistant', 'system'),
    content: text,
    timestamp: fc.constant('2026-01-01T00:00:00.000Z'),
    toolCalls: fc.array(fc.record({ id, tool, params: fc.constantFrom({}, { at: 'x' }, { at: '\ud800' }) }), {
      maxLength: 3,
    }),
    toolResults: fc.array(fc.record({ id, result: fc.constantFrom('ok', '', null, { a: 1 }) }), { maxLength: 3 }),
  },
  { requiredKeys: ['role', 'content', 'timestamp'] },
);
/** One of each dialect, and two whose rules are stricter: every call signed, every prefix unchanged. */
const NAMES = [...Object.values(MODELS), 'google/gemini-4-argon', 'anthropic/claude-sonnet-5-5'];
const model = fc.constantFrom(...NAMES);

const of = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape);
/** Anything that may happen, talk most of all. */
export const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record(
      {
        do: fc.constant('message' as const),
        text,
        replies: fc.array(reply, { maxLength: 4 }),
        files: fc.array(file, { maxLength: 3 }),
        valued: rarely(),
      },
      { requiredKeys: ['do', 'text', 'replies'] },
    ),
  },
  { weight: 1, arbitrary: of({ do: fc.constant('edit' as const), at: share, content: text }) },
  { weight: 1, arbitrary: of({ do: fc.constant('mark' as const), at: share }) },
  { weight: 2, arbitrary: of({ do: fc.constant('delete' as const), at: share }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('prune' as const), keepLast: fc.nat(4) }, { requiredKeys: ['do'] }),
  },
  { weight: 1, arbitrary: of({ do: fc.constant('clear' as const), keepLast: fc.nat(4) }) },
  { weight: 1, arbitrary: of({ do: fc.constant('rewind' as const), at: share }) },
  { weight: 2, arbitrary: of({ do: fc.constantFrom('undo' as const, 'undo' as const, 'redo' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), at: share }, { requiredKeys: ['do'] }) },
  { weight: 2, arbitrary: of({ do: fc.constant('crash' as const), lost: share }) },
  { weight: 2, arbitrary: of({ do: fc.constant('model' as const), model, tools: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: of({ do: fc.constant('spoil' as const), how: fc.constantFrom('gone' as const, 'other' as const) }),
  },
  {
    weight: 1,
    arbitrary: of({
      do: fc.constant('window' as const),
      tokens: fc.constantFrom(600, 1500, LARGE),
      strategy: fc.constantFrom<PruneStrategy>('sliding-window', 'summarize', 'summarize', 'none'),
    }),
  },
  { weight: 1, arbitrary: of({ do: fc.constant('export' as const) }) },
  { weight: 1, arbitrary: of({ do: fc.constant('import' as const), messages: fc.array(foreign, { maxLength: 6 }) }) },
);

/** One of the texts fits it. */
const VALUE: TurnOptions['output'] & object = {
  type: 'object',
  properties: { a: { type: 'number' } },
  required: ['a'],
  additionalProperties: false,
};

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(5).map((n) => n === 0);
}

const TOOLS: readonly (CustomTool | Tool)[] = [
  {
    name: 'show',
    description: 'Shows a picture.',
    input: { type: 'object', properties: {} },
    replay: 'safe',
    access: () => ({ effect: 'none' }),
    run: (_input: unknown, context: ToolContext) => context.keep(samplePng(3), 'image/png'),
    toModel: (output: unknown) => [
      { type: 'blob', sha256: (output as { sha256: string }).sha256, mediaType: 'image/png' },
    ],
  } satisfies Tool,
  { name: 'look', description: 'Looks.', handler: () => 'seen' },
  {
    name: 'fail',
    description: 'Fails.',
    handler: () => {
      throw new Error('broken');
    },
  },
  { name: 'blank', description: 'Says nothing.', handler: () => ' \n' },
  { name: 'odd', description: 'Says half a character.', handler: () => ({ half: '\ud800', nothing: undefined }) },
];

/** A session and what happens to it, with the providers in this process. */
export class Life {
  readonly wire = new Wire();
  #stores = 0;
  #spoiled: 'gone' | 'other' | undefined;
  #storage: SessionStorage = this.#store();
  #sessions: Sessions = this.#start();
  #model: string = MODELS.anthropic;
  #window = LARGE;
  #strategy: PruneStrategy = 'sliding-window';
  #births = 0;
  session!: Session;

  static async begin(): Promise<Life> {
    const life = new Life();
    life.session = life.#equip(await life.#sessions.create({ model: life.#model, tools: [] }));
    return life;
  }

  /** Refused input is no fault; anything else that throws is. */
  async live(what: Event): Promise<void> {
    try {
      await this.#do(what);
    } catch (error) {
      if (!isCoded(error) || error.code !== 'INVALID_INPUT') throw error;
    }
  }

  /** The next message, to each dialect in turn. */
  async everybodyAnswers(): Promise<void> {
    this.#window = LARGE;
    for (const name of NAMES) {
      await this.#do({ do: 'model', model: name, tools: true });
      await this.#do({ do: 'model', model: name, tools: false });
      for (const text of ['And now?', 'Sure?']) {
        const { status, error } = await this.session.turn(text).outcome();
        if (status !== 'done') throw error ?? new Error(`The turn ended with ${status}.`);
      }
    }
  }

  async end(): Promise<void> {
    await this.#sessions.close();
  }

  async #do(what: Event): Promise<void> {
    const { session } = this;
    switch (what.do) {
      case 'message':
        return this.#talk(what);
      case 'edit':
        return void (await session.editMessage(await this.#pick(what.at), { content: what.content }));
      case 'mark':
        return void (await session.editMessage(await this.#pick(what.at), { important: true }));
      case 'delete':
        return session.deleteMessage(await this.#pick(what.at));
      case 'prune':
        return session.pruneContext(what.keepLast === undefined ? {} : { keepLast: what.keepLast });
      case 'clear':
        return session.clearHistory({ keepLast: what.keepLast });
      case 'rewind':
        return void (await session.rewind(await this.#pick(what.at, 'user')));
      case 'undo':
      case 'redo':
        return void (await session[what.do]());
      case 'fork': {
        const from = what.at === undefined ? {} : { fromMessage: await this.#pick(what.at) };
        this.session = await session.fork(from);
        return;
      }
      case 'crash':
        return this.#crash(what.lost);
      case 'model':
        this.#model = what.model;
        return this.#restart(what.tools);
      case 'spoil':
        this.#spoiled = what.how;
        return this.#restart(true);
      case 'window':
        this.#window = what.tokens;
        this.#strategy = what.strategy;
        return this.#restart(true);
      case 'export': {
        const exported = JSON.parse(JSON.stringify(await session.export())) as object;
        this.session = this.#equip(await this.#sessions.import({ ...exported, id: this.#id() }));
        return;
      }
      case 'import': {
        const data = { id: this.#id(), metadata: { model: this.#model }, messages: what.messages };
        this.session = this.#equip(await this.#sessions.import(data));
      }
    }
  }

  async #talk({ text: said, replies, files, valued }: Extract<Event, { do: 'message' }>): Promise<void> {
    const attachments = files?.map((name) => FILES[name]);
    const turn = this.session.turn(
      attachments === undefined ? said : { text: said, attachments },
      valued ? { output: VALUE } : {},
    );
    this.wire.replies.push(...replies);
    this.wire.onStall = () => void turn.abort();
    const { error, output } = await turn.outcome();
    this.wire.replies.length = 0;
    if (output !== undefined && !Object.hasOwn(Object(output) as object, 'a'))
      throw new Error('no value of the schema');
    if (error?.code === 'INTERNAL') throw error;
  }

  async #pick(at: number, role?: Message['role']): Promise<string> {
    const messages = (await this.session.getMessages()).filter(
      (message) => role === undefined || message.role === role,
    );
    return messages[Math.floor(at * (messages.length - 1))]?.id ?? 'none';
  }

  /** The records that were stored, or fewer, are all that the next process has. */
  async #crash(lost: number): Promise<void> {
    const lines: string[] = [];
    const { id } = this.session;
    for await (const page of this.#storage.read(id)) lines.push(...page.map(({ json: line }) => line));
    const kept = lines.slice(0, Math.max(1, lines.length - Math.floor(lost * 6)));
    const head = { ...this.session.head, seq: kept.length, checkpoint: 0 };
    this.#storage = this.#store();
    const lease = await this.#storage.acquire(id, { owner: { name: 'crash' }, expect: 'new' });
    await this.#storage.append(lease, { expected: 0, records: kept, head });
    await lease.release();
    await this.#restart(true);
  }

  async #restart(tools: boolean): Promise<void> {
    this.#sessions = this.#start();
    const session = await this.#sessions.resume(this.session.id, {
      model: this.#model,
      contextWindow: this.#window,
      pruneStrategy: this.#strategy,
    });
    this.session = tools ? this.#equip(session) : session;
  }

  /** A store whose attachments can be spoiled. Every third one keeps none, so that records hold them. */
  #store(): SessionStorage {
    const inner = memoryStorage();
    this.#stores += 1;
    if (this.#stores % 3 === 0) {
      const { blobs: _blobs, ...plain } = inner;
      return plain;
    }
    const spoiled = (): 'gone' | 'other' | undefined => this.#spoiled;
    const blobs: NonNullable<SessionStorage['blobs']> = {
      ...inner.blobs!,
      async *get(id, sha256) {
        if (spoiled() === 'gone') throw new RepriseError('STORAGE_FAILED', 'no such blob');
        for await (const part of inner.blobs!.get(id, sha256))
          yield spoiled() === 'other' ? part.map((byte) => byte ^ 1) : part;
      },
    };
    return { ...inner, blobs };
  }

  #start(): Sessions {
    const env = environmentOf({ url: 'http://127.0.0.1:1' } as never);
    return createDefaultSessions({
      storage: this.#storage,
      models: createModels({ env, fetch: this.wire.fetch }),
      cwd: '/tmp',
      random: () => 0,
      report: () => undefined,
    });
  }

  #equip(session: Session): Session {
    for (const one of TOOLS) session.registerTool(one);
    return session;
  }

  #id(): string {
    this.#births += 1;
    return `life-${this.#births}`;
  }
}
