import type { ResolvedModel } from '../contracts/model.ts';
import type { Session, SessionOptions } from '../contracts/session.ts';
import type { Turn } from '../contracts/turn.ts';
import type { ChangeRecord } from '../records/types.ts';
import type { Toolset } from '../tools/toolset.ts';
import type { LiveSession } from './live.ts';
import type { Runtime } from './runtime.ts';

/** What a session holds beside its live log: things that belong to this process and not to the history. */
export interface Parts {
  readonly runtime: Runtime;
  readonly live: LiveSession;
  tools: Toolset;
  /** Names of tools that the program registered itself, and thereby allowed. */
  readonly registered: Set<string>;
  readonly running: Set<Turn>;
  /** Told at the next turn, when somebody listens. */
  readonly warnings: string[];
  /** Overrides given at resume, recorded at the next write. */
  pending: Omit<ChangeRecord, 'type' | 'at' | 'reason'>;
  /** Once it is resolved. */
  model: ResolvedModel | undefined;
  handle: Session | undefined;
  setModel(model: SessionOptions['model']): void;
  resolveModel(): Promise<ResolvedModel>;
  /** Takes over what a fork keeps: registered tools, overrides, the model. */
  inherit(parent: Parts): Parts;
  readonly fork: (
    parent: Parts,
    options: { readonly fromMessage?: string; readonly newSessionId?: string },
  ) => Promise<Session>;
}
