import type { CustomTool, Session, SessionOptions } from '../contracts/session.ts';
import type { Tool } from '../contracts/tool.ts';
import { toTool } from '../tools/custom.ts';
import type { SessionUsage } from '../contracts/usage.ts';
import { weighedFor } from '../files/choose.ts';
import { fitOf } from '../turn/fit.ts';
import { changeOf } from './begin.ts';
import { resolveModel } from './models.ts';
import { checkOptions } from './options.ts';
import type { Parts } from './parts.ts';
import { usageOf } from './usage.ts';
import { changing, ready } from './ready.ts';

/** Goes on with another model once what was asked for before is over; recorded, with the settings that it doesn't take. */
export async function setModel(parts: Parts, model: SessionOptions['model']): Promise<void> {
  checkOptions({ model }, ['model']);
  const found = resolveModel(parts.runtime.models, model);
  // In line with the turns that were started before it, which begin after the caller's synchronous code.
  const switched = Promise.resolve().then(() =>
    parts.live.exclusive(async () => {
      await found;
      await changeOf(parts, { model });
      await ready(parts);
    }),
  );
  // One that can't be found waits for nobody.
  await Promise.all([found, switched]);
}

/** Records other options at once, if they change anything. */
export async function update(
  parts: Parts,
  change: Parameters<Session['update']>[0],
  options?: Parameters<Session['update']>[1],
): Promise<void> {
  checkOptions(change, []);
  const { model } = change;
  // One that can't be found waits for nobody, and nothing is changed.
  if (model !== undefined) await resolveModel(parts.runtime.models, model);
  await changing(
    parts,
    async () => {
      await changeOf(parts, change);
      await ready(parts);
    },
    options,
  );
}

/** Offers the tool from the next model call on. */
export function registerTool(parts: Parts, tool: CustomTool | Tool): void {
  const { tools, live, pending } = parts;
  const made = toTool(tool);
  tools.add(made);
  parts.registered.add(made.name);
  const names = pending.tools ?? live.state.tools;
  if (!names.includes(made.name)) parts.pending = { ...pending, tools: [...names, made.name] };
}

/** Tokens that the next request would take, about, and what the window holds. */
export function contextUsage({ live, model, tools, pending }: Parts): { current: number; max: number } {
  const { state } = live;
  const settings = { ...state.settings, ...pending.settings };
  if (model === undefined) return { current: state.tokens, max: settings.contextWindow ?? 0 };
  const specs = tools.readySpecs(pending.tools ?? state.tools);
  const facts = { info: model.info, provider: model.model.provider, tools: specs };
  const fit = fitOf({ ...state, settings }, facts);
  return { current: weighedFor(state, facts).tokens + fit.overhead, max: fit.max };
}

export function ledgerOf({ runtime, live }: Parts): Promise<SessionUsage> {
  return usageOf(runtime.storage, live.id, live.state, runtime.clock);
}
