import type { TurnContext } from '../turn/context.ts';
import { Fallbacks } from '../turn/fallbacks.ts';
import { Family } from '../turn/family.ts';
import { Purse } from '../turn/purse.ts';
import type { Parts } from './parts.ts';
import { offerNewTools } from './ready.ts';
import { spawn } from './spawn.ts';

/** What the parts of a turn share, for a turn that is about to run. */
export function contextOf(parts: Parts, own: Pick<TurnContext, 'handle' | 'model' | 'desk' | 'hub'>): TurnContext {
  const { live, runtime, tools, above } = parts;
  const { handle, model } = own;
  const { cwd, named, open, settings } = live.state;
  const purse = new Purse({ live, runtime, turn: handle.id }, above);
  const context: TurnContext = {
    ...own,
    runtime,
    live,
    tools,
    fallbacks: new Fallbacks(settings.fallbackModels ?? [], model.name, runtime.models),
    roots: cwd === undefined ? [] : [cwd],
    isNamed: (tool) => named || parts.registered.has(tool),
    signal: AbortSignal.any([handle.signal, purse.deadline, ...(above === undefined ? [] : [above.signal])]),
    purse,
    family: new Family(runtime.spawn, above?.family, open?.spawned ?? 0),
    offerNewTools: () => offerNewTools(parts),
    spawn: (task, call, signal) => spawn(parts, context, task, call, signal),
  };
  return context;
}
