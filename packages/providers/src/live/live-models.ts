import { RepriseError, type Coded } from '@reprise/core';
import { catalogueNames, rowOf, type ModelRow } from '../rows.ts';
import type { ProviderSpec } from '../providers/spec.ts';
import { setupOf, type Setup } from '../settings.ts';
import { ask, isProbe, type Asked, type LiveOptions } from './ask.ts';
import type { Listed } from './listed.ts';
import { listerOf } from './listers.ts';

/** A row of the catalogue or of a provider's list. Limits that nobody names are absent. */
export interface LiveModelRow extends Omit<ModelRow, 'contextWindow' | 'maxOutputTokens'> {
  /** Tokens. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  /** `live`: the provider lists it now, by this name or by a dated one. */
  readonly source: 'live' | 'catalogue';
}

/** How one provider answered. */
export interface LiveProvider {
  readonly provider: string;
  /**
   * `live`: answered. `failed`: asked, and `error` says what went wrong. `absent`: nothing answers at a local server's usual port.
   * `not-asked`: a key or an address is not set, or is none; `error.hint` says where.
   */
  readonly state: 'live' | 'failed' | 'absent' | 'not-asked';
  /** How many models it lists. */
  readonly models: number;
  /** AUTH, NETWORK, TIMEOUT, RATE_LIMIT, OVERLOADED, PROVIDER, INVALID_INPUT, or UNSUPPORTED (a package to install). */
  readonly error?: Coded;
}

export interface LiveModels {
  /** What providers list now, merged with the catalogue; a provider's rows stand together. */
  readonly rows: readonly LiveModelRow[];
  /** One for each provider, also for those that were not asked. */
  readonly providers: readonly LiveProvider[];
}

/**
 * The models that can be called now. Asks, all at once, each provider whose key is set (or, for servers that need none,
 * whose address is), and looks for the local servers at their usual ports on loopback; nobody else is contacted.
 * Anthropic is asked through `@anthropic-ai/sdk`, OpenAI and compatible servers through `openai`, Google and local servers by REST.
 *
 * A provider's failure is data in `providers`, and its catalogue rows stay. Rejects with ABORTED alone.
 */
export function liveModels(options: LiveOptions = {}): Promise<LiveModels> {
  return askAll(options, () => true);
}

/**
 * The same with nobody asked but the local servers (Ollama, LM Studio, vLLM, llama-server): at the address that is set, else at their usual
 * ports on loopback. Needs no vendor's SDK.
 */
export function localModels(options: LiveOptions = {}): Promise<LiveModels> {
  return askAll(options, ({ local }) => local === true);
}

async function askAll(options: LiveOptions, isAsked: (spec: ProviderSpec) => boolean): Promise<LiveModels> {
  const setup = setupOf(options);
  const ids = Object.entries(setup.specs).flatMap(([id, spec]) => (isAsked(spec) ? [id] : []));
  const answers = new Map(
    await Promise.all(
      ids.map(async (id): Promise<[string, Asked<Listed[]>]> => [id, await askFor(id, setup, options)]),
    ),
  );
  if (options.signal?.aborted)
    throw new RepriseError('ABORTED', 'Asking for models was aborted.', { cause: options.signal.reason });
  return {
    rows: mergedRows(setup, answers),
    providers: [...answers].map(([id, answer]) => report(id, answer, isProbe(id, setup))),
  };
}

function askFor(id: string, setup: Setup, options: LiveOptions): Promise<Asked<Listed[]>> {
  return ask(id, setup, options, ({ spec, settings }, signal) => listerOf(spec)(settings, signal));
}

function report(provider: string, answer: Asked<Listed[]>, probe: boolean): LiveProvider {
  if ('value' in answer) return { provider, state: 'live', models: answer.value.length };
  const { error, sent } = answer;
  if (!sent) return { provider, state: 'not-asked', models: 0, error };
  // At a usual port something else may live. One that wants a key is worth telling of.
  if (probe && error.code !== 'AUTH') return { provider, state: 'absent', models: 0 };
  return { provider, state: 'failed', models: 0, error };
}

function mergedRows(setup: Setup, answers: ReadonlyMap<string, Asked<Listed[]>>): LiveModelRow[] {
  const listed = new Map<string, Listed>();
  for (const [provider, answer] of answers)
    if ('value' in answer) for (const model of answer.value) listed.set(`${provider}/${model.id}`, model);
  // A model is also listed by its snapshot's name.
  const undated = new Set([...listed.keys()].map((name) => name.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')));

  const known = catalogueNames(setup);
  const names = [...new Set([...known, ...listed.keys()])];
  const order = [...new Set(known.map(providerOf)), ...answers.keys()];
  return names
    .map((name) => liveRow(name, setup, listed.get(name), listed.has(name) || undated.has(name)))
    .sort((a, b) => order.indexOf(a.provider) - order.indexOf(b.provider));
}

/** Limits: the user's word, else the provider's, else the catalogue's. */
function liveRow(name: string, setup: Setup, listed: Listed | undefined, isLive: boolean): LiveModelRow {
  const { row, from } = rowOf(name, setup);
  const { contextWindow, maxOutputTokens, ...rest } = row;
  const told = setup.options.catalogue?.[name];
  const known = from === 'assumed' ? undefined : { contextWindow, maxOutputTokens };
  const window = told?.window ?? listed?.contextWindow ?? known?.contextWindow;
  const output = told?.output ?? listed?.maxOutputTokens ?? known?.maxOutputTokens;
  return {
    ...rest,
    ...(window !== undefined && { contextWindow: window }),
    ...(output !== undefined && { maxOutputTokens: output }),
    source: isLive ? 'live' : 'catalogue',
  };
}

function providerOf(name: string): string {
  return name.slice(0, name.indexOf('/'));
}
