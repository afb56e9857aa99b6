import type { AskDesk } from '../asks/desk.ts';
import type { ResolvedModel } from '../contracts/model.ts';
import type { SubTask } from '../contracts/tool.ts';
import type { At, Turn } from '../contracts/turn.ts';
import type { Hub } from '../follow/hub.ts';
import type { LiveSession } from '../session/live.ts';
import type { Runtime } from '../session/runtime.ts';
import type { Toolset } from '../tools/toolset.ts';
import type { Family } from './family.ts';
import type { Fallbacks } from './fallbacks.ts';
import type { TurnHandle } from './handle.ts';
import type { Purse } from './purse.ts';

/** What the parts of a running turn share. */
export interface TurnContext {
  readonly runtime: Runtime;
  readonly live: LiveSession;
  readonly handle: TurnHandle;
  /** Where others follow the session. */
  readonly hub: Hub;
  /** Who is asked: the session's model, or what this turn fell back to. */
  model: ResolvedModel;
  readonly fallbacks: Fallbacks;
  readonly tools: Toolset;
  /** Where people are asked. */
  readonly desk: AskDesk;
  readonly roots: readonly string[];
  /** The program named or registered the tool itself. */
  readonly isNamed: (tool: string) => boolean;
  /** Aborted by whoever gave up, or because the turn's time is over. */
  readonly signal: AbortSignal;
  readonly purse: Purse;
  readonly family: Family;
  /** Begins a sub-session for a call. */
  readonly spawn: (task: SubTask, call: string, signal: AbortSignal) => Turn;
  /** Records tools that were registered while the turn runs. */
  readonly offerNewTools: () => Promise<void>;
}

export function at(context: TurnContext, attempt = 1, offset = 0): At {
  return { seq: context.live.state.seq, attempt, offset };
}
