import type { ForkOptions, ImportOptions, Making, Session, SessionOptions, Sessions } from '../contracts/session.ts';
import { followSession } from './follow.ts';
import { orUnderAnother, readImport, storeImport } from './import.ts';
import { forkLive } from './fork.ts';
import type { LiveSession } from './live.ts';
import { OpenSessions } from './open-sessions.ts';
import { openLive, unborn } from './live.ts';
import { firstRecords } from './begin.ts';
import { checkId, checkOptions, takeMaking } from './options.ts';
import type { Runtime, SessionsConfig } from './runtime.ts';
import { runtimeOf } from './runtime.ts';
import type { Parts } from './parts.ts';
import { handleOf, partsOf } from './parts.ts';
import { override } from './override.ts';
import { readSessions } from './read.ts';

type Overrides = Partial<Omit<SessionOptions, 'sessionId'>>;

/** The longest that a lease may be kept for what follows. */
const LONGEST_LINGER_MS = 1000;

/** The doors to the sessions of one store. Nothing is opened before the first call. */
export function createSessions(config: SessionsConfig): Sessions {
  return new SessionDoors(runtimeOf(config));
}

class SessionDoors implements Sessions {
  readonly #runtime: Runtime;
  readonly list: Sessions['list'];
  readonly page: Sessions['page'];
  readonly info: Sessions['info'];
  readonly show: Sessions['show'];
  readonly approvals: Sessions['approvals'];
  readonly usage: Sessions['usage'];
  readonly messages: Sessions['messages'];
  readonly unfinished: Sessions['unfinished'];
  readonly tree: Sessions['tree'];
  readonly #open = new OpenSessions();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    const reader = readSessions(runtime.storage, () => this.#open.workingHeads());
    // What a store keeps of a session lags while a turn runs on it.
    this.info = async (id) => this.#open.working(id)?.live.head ?? reader.info(id);
    ({
      list: this.list,
      page: this.page,
      show: this.show,
      messages: this.messages,
      unfinished: this.unfinished,
      approvals: this.approvals,
      usage: this.usage,
      tree: this.tree,
    } = reader);
  }

  async create(given: SessionOptions & Making): Promise<Session> {
    const { rest: options, making } = takeMaking<SessionOptions>(given);
    checkOptions(options, ['model']);
    const { sessionId, ...rest } = options;
    if (sessionId !== undefined) return this.resume(sessionId, rest);
    const runtime = this.#runtime;
    const live = unborn(runtime, making.newSessionId ?? runtime.ids('session'), options.autoSave ?? true);
    const parts = this.#parts(live);
    const records = await firstRecords(parts, options, making.madeBy);
    await live.exclusive(() => live.append(records), Math.min(runtime.linger ?? 0, LONGEST_LINGER_MS));
    return this.#known(parts);
  }

  async resume(id: string, options: Overrides = {}): Promise<Session> {
    checkOptions(options, []);
    const parts = await this.#find(id, options.autoSave ?? true);
    await override(parts, options);
    return this.#known(parts);
  }

  async load(id: string): Promise<Session> {
    return this.#known(await this.#find(id, true));
  }

  follow(...[id, options = {}]: Parameters<Sessions['follow']>): ReturnType<Sessions['follow']> {
    return followSession(this.#runtime, id, options, () => this.#open.get(id)?.live);
  }

  async delete(...[id, options = {}]: Parameters<Sessions['delete']>): Promise<void> {
    checkId(id);
    return this.#open.remove(this.#runtime, id, { ...options, below: () => this.#removeBelow(id) });
  }

  /**
   * Before the session itself, so that a deletion that was cut short can be repeated. Looks at each head again: a store that overlooks a
   * condition must not cost sessions.
   */
  async #removeBelow(id: string): Promise<void> {
    for (const { id: below, parent } of await this.list({ where: { parent: id, spawned: true } }))
      if (parent?.id === id && parent.kind === 'spawn') await this.delete(below);
  }

  async deleteAll(): Promise<void> {
    const failures: unknown[] = [];
    // What lies below a session goes with it; then those that are left below none.
    for (const spawned of [false, true]) {
      for (const { id } of await this.list({ where: { spawned } }))
        await this.delete(id).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async import(data: unknown, options: ImportOptions = {}): Promise<Session> {
    const { making } = takeMaking(options);
    checkOptions({ tags: options.tags }, []);
    const { id, notice, ...imported } = await readImport(data, this.#runtime, options);
    const wanted = making.newSessionId ?? id ?? this.#runtime.ids('session');
    checkId(wanted);
    const born = async (name: string): Promise<Session> => {
      const live = unborn(this.#runtime, name, true);
      await live.exclusive(() => storeImport(live, imported, making.madeBy));
      const parts = this.#parts(live);
      if (notice !== undefined) parts.warnings.push(notice);
      return this.#known(parts);
    };
    return options.newId ? orUnderAnother(born, wanted, () => this.#runtime.ids('session')) : born(wanted);
  }

  async close(): Promise<void> {
    const open = this.#open.all();
    await Promise.all(open.flatMap((parts) => [...parts.running].map((turn) => turn.abort('The program is ending.'))));
    await Promise.all(open.map((parts) => parts.live.settleDown()));
    this.#open.clear();
    await this.#runtime.storage.close();
  }

  async #find(id: string, autoSave: boolean): Promise<Parts> {
    checkId(id);
    const open = this.#open.get(id);
    if (open !== undefined) {
      await open.live.refresh();
      return open;
    }
    const { live, damage } = await openLive(this.#runtime, id, autoSave);
    const parts = this.#parts(live);
    if (damage !== undefined) parts.warnings.push(damage.message);
    // Somebody else may have opened it while this one was loading.
    const other = this.#open.get(id);
    if (other === undefined) this.#open.set(parts);
    return other ?? parts;
  }

  isRunning(id: string): boolean {
    return this.#open.working(id) !== undefined;
  }

  #known(parts: Parts): Session {
    this.#open.set(parts);
    return handleOf(parts);
  }

  #parts(live: LiveSession): Parts {
    return partsOf(this.#runtime, live, {
      fork: (parent, options) => this.#fork(parent, options),
      adopt: (child) => {
        const parts = this.#parts(child);
        this.#known(parts);
        return parts;
      },
      find: (id) => this.#find(id, true),
      working: (parts, whether) => this.#open.note(parts, whether),
    });
  }

  async #fork(parent: Parts, options: ForkOptions): Promise<Session> {
    const id = takeMaking(options).making.newSessionId ?? this.#runtime.ids('session');
    const live = await forkLive(this.#runtime, parent.live, id, options);
    const parts = this.#parts(live);
    return this.#known(parts.inherit(parent));
  }
}
