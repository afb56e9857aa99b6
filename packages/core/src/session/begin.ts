import type { ResolvedModel } from '../contracts/model.ts';
import type { PromptBlock } from '../contracts/prompt.ts';
import type { SessionOptions } from '../contracts/session.ts';
import { RepriseError } from '../errors.ts';
import type { ChangeRecord, Rec, Settings } from '../records/types.ts';
import { FORMAT } from '../records/types.ts';
import { droppedSettings } from '../model/effort.ts';
import { noPrice } from '../turn/scopes.ts';
import { settingsOf } from './options.ts';
import { isoNow } from './clock.ts';
import { resolveModel } from './models.ts';
import type { Parts } from './parts.ts';

/** The records that begin a session. Everything that can be wrong with the options is found before anything is stored. */
export async function firstRecords(parts: Parts, options: SessionOptions, madeBy?: string): Promise<Rec[]> {
  const { runtime } = parts;
  const at = isoNow(runtime.clock);
  const tools = options.tools ?? parts.tools.names();
  checkTools(parts, tools);
  const model = await parts.setModel(options.model);
  await checkModels(parts, model, settingsOf(options));
  const cwd = options.cwd ?? runtime.cwd;
  const record: Rec = {
    type: 'session',
    format: FORMAT,
    at,
    model: { requested: model.requested, name: model.name },
    system: await systemBlocks(parts, options.systemPrompt, model, tools, cwd),
    tools,
    named: options.tools !== undefined,
    settings: settingsOf(options),
    ...(options.title !== undefined && { title: options.title }),
    ...(cwd !== undefined && { cwd }),
    ...(options.tags !== undefined && { tags: options.tags }),
    ...(madeBy !== undefined && { madeBy }),
  };
  const notices = noticesOf(model, record.settings);
  parts.warnings.push(...notices);
  return [record, ...notices.map((message): Rec => ({ type: 'warning', at, message }))];
}

/** Overrides at resume become one record at the next write, if they change anything. */
export async function changeOf(parts: Parts, options: Partial<SessionOptions>): Promise<void> {
  const { live } = parts;
  const { state } = live;
  const settings = settingsOf(options);
  const changed = Object.entries(settings).some(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(state.settings[key as keyof typeof settings]),
  );
  if (options.tools !== undefined) checkTools(parts, options.tools);
  await checkModels(parts, await modelToCheck(parts, options), { budget: state.settings.budget ?? {}, ...settings });
  const model = options.model === undefined ? undefined : await parts.setModel(options.model);
  const system = options.systemPrompt === undefined ? undefined : custom(options.systemPrompt);
  const change: Omit<ChangeRecord, 'type' | 'at' | 'reason'> = {
    ...(model !== undefined &&
      model.name !== state.model.name && { model: { requested: model.requested, name: model.name } }),
    ...(system !== undefined && JSON.stringify(system) !== JSON.stringify(state.system) && { system }),
    ...(options.tools !== undefined && { tools: options.tools, named: true }),
    ...(changed && { settings }),
    ...(options.title !== undefined && options.title !== state.title && { title: options.title }),
    ...(options.cwd !== undefined && options.cwd !== state.cwd && { cwd: options.cwd }),
    ...(options.tags !== undefined && { tags: options.tags }),
  };
  if (model !== undefined) parts.notices.push(...noticesOf(model, { ...state.settings, ...settings }));
  else if (changed) {
    const { effort, temperature } = settings;
    const asked = { ...(effort !== undefined && { effort }), ...(temperature !== undefined && { temperature }) };
    const now = Object.keys(asked).length > 0 ? await known(parts) : undefined;
    if (now !== undefined) parts.notices.push(...droppedSettings(now.name, now.info, asked));
  }
  parts.pending = { ...parts.pending, ...change };
}

/** What people should know of the model: what its resolver says, and the settings that it doesn't take. */
function noticesOf(model: ResolvedModel, settings: Settings): string[] {
  const dropped = droppedSettings(model.name, model.info, settings);
  return model.notice === undefined ? dropped : [model.notice, ...dropped];
}

/** The model that settings are held to; one that can't be found says so at the next turn. */
function known(parts: Parts): Promise<ResolvedModel | undefined> {
  return parts.resolveModel().catch(() => undefined);
}

/** The model that is judged beside a limit of cost. One that is gone stops no reading: its error comes with the first message. */
async function modelToCheck(
  parts: Parts,
  { model, budget }: Partial<SessionOptions>,
): Promise<ResolvedModel | undefined> {
  if (model !== undefined) return resolveModel(parts.runtime.models, model);
  return budget === undefined ? undefined : parts.resolveModel().catch(() => undefined);
}

/**
 * What would else be found when it is needed most: MODEL_NOT_FOUND for a fallback that stands for no model, INVALID_INPUT for a model without
 * a price where cost has a limit.
 */
async function checkModels(
  { runtime }: Parts,
  model: ResolvedModel | undefined,
  { fallbackModels = [], budget = {} }: Settings,
): Promise<void> {
  const models = await Promise.all(fallbackModels.map((name) => runtime.models.resolve(name)));
  if (budget.turn?.maxCost === undefined && budget.session?.maxCost === undefined) return;
  for (const { name, info } of model === undefined ? models : [model, ...models])
    if (info.price === undefined) throw noPrice(name);
}

function checkTools(parts: Parts, names: readonly string[]): void {
  const unknown = names.find((name) => !parts.tools.has(name));
  if (unknown === undefined) return;
  throw new RepriseError('INVALID_INPUT', `There is no tool ${JSON.stringify(unknown)}.`, {
    hint: `The tools are ${parts.tools.names().join(', ') || 'none'}. Custom tools are registered after create.`,
  });
}

async function systemBlocks(
  { runtime }: Parts,
  given: string | undefined,
  model: ResolvedModel,
  tools: readonly string[],
  cwd: string | undefined,
): Promise<readonly PromptBlock[]> {
  if (given !== undefined) return custom(given);
  if (runtime.prompt === undefined) return [];
  const facts = {
    model: model.name,
    tools,
    today: isoNow(runtime.clock).slice(0, 10),
    ...(cwd !== undefined && { cwd }),
    ...(runtime.platform !== undefined && { platform: runtime.platform }),
  };
  return runtime.prompt.build(facts, new AbortController().signal);
}

function custom(text: string): PromptBlock[] {
  return text.trim() === '' ? [] : [{ id: 'custom', text }];
}
