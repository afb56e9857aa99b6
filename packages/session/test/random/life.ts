import type {
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
import { samplePng } from '@reprise/fake-provider';
import { createModels } from '@reprise/providers';
import { createDefaultSessions } from '@reprise/session';
import { MODELS, environmentOf } from '../support.ts';
import type { Event } from './event.ts';
import { FILES, LARGE, NAMES } from './event.ts';
import { Wire } from './wire.ts';

/** One of the texts fits it. */
const VALUE: TurnOptions['output'] & object = {
  type: 'object',
  properties: { a: { type: 'number' } },
  required: ['a'],
  additionalProperties: false,
};

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
