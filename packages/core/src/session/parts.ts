import type { AskDesk } from '../asks/desk.ts';
import type { ResolvedModel } from '../contracts/model.ts';
import type { Session, SessionOptions } from '../contracts/session.ts';
import type { Asker } from '../contracts/tool.ts';
import type { ChangeRecord } from '../records/types.ts';
import { Toolset } from '../tools/toolset.ts';
import type { Above, Doors } from './doors.ts';
import type { LiveSession } from './live.ts';
import { resolveModel } from './models.ts';
import { Running } from './running.ts';
import type { Runtime } from './runtime.ts';
import { SessionHandle } from './session.ts';

/** What a session holds beside its live log: things that belong to this process and not to the history. */
export interface Parts {
  readonly runtime: Runtime;
  readonly live: LiveSession;
  tools: Toolset;
  /** Names of tools that the program registered itself, and thereby allowed. */
  readonly registered: Set<string>;
  readonly running: Running;
  /** Who is asked about calls; in a sub-session, whoever is asked in the session that started it. */
  asker: Asker | undefined;
  /** The questions of the turn that runs. */
  desk: AskDesk | undefined;
  /** The open turn that is carried on. */
  recovering: Session['recovering'];
  /** Told at the next turn, when somebody listens. */
  readonly warnings: string[];
  /** Like them, and recorded with the overrides that they are about. */
  readonly notices: string[];
  /** Overrides given at resume, recorded at the next write. */
  pending: Omit<ChangeRecord, 'type' | 'at' | 'reason'>;
  /** Once it is resolved. */
  model: ResolvedModel | undefined;
  handle: Session | undefined;
  /** Resolves it first: a model that can't be found changes nothing. */
  setModel(model: SessionOptions['model']): Promise<ResolvedModel>;
  resolveModel(): Promise<ResolvedModel>;
  /** Takes over what a fork keeps: registered tools, overrides, the model. */
  inherit(parent: Parts): Parts;
  /** Of a sub-session that runs: what is above it. */
  above: Above | undefined;
  readonly doors: Doors;
}

/** The process's side of a session: its tools and its model. */
export function partsOf(runtime: Runtime, live: LiveSession, doors: Doors): Parts {
  let source: SessionOptions['model'] | undefined;
  let resolving: Promise<ResolvedModel> | undefined;
  const parts: Parts = {
    runtime,
    live,
    doors,
    above: undefined,
    tools: new Toolset(runtime.tools),
    registered: new Set(),
    running: new Running((whether) => doors.working(parts, whether)),
    asker: runtime.ask,
    desk: undefined,
    recovering: undefined,
    warnings: [],
    notices: [],
    pending: {},
    model: undefined,
    handle: undefined,
    async setModel(model) {
      const resolved = await resolveModel(runtime.models, model);
      source = model;
      resolving = Promise.resolve(resolved);
      return (parts.model = resolved);
    },
    resolveModel() {
      // Another process may have gone on with another model.
      const moved = parts.pending.model === undefined && live.state.seq > 0;
      if (moved && parts.model !== undefined && parts.model.name !== live.state.model.name) {
        source = resolving = undefined;
      }
      resolving ??= resolveModel(runtime.models, source ?? live.state.model.name).then(
        (model) => (parts.model = model),
        (error: unknown) => {
          resolving = undefined;
          throw error;
        },
      );
      return resolving;
    },
    inherit(parent) {
      parts.tools = parent.tools.copy();
      parent.registered.forEach((name) => parts.registered.add(name));
      parts.pending = parent.pending;
      parts.model = parent.model;
      if (parent.model !== undefined) resolving = Promise.resolve(parent.model);
      return parts;
    },
  };
  return parts;
}

/** The one handle on a session in this process. */
export function handleOf(parts: Parts): Session {
  return (parts.handle ??= new SessionHandle(parts));
}
