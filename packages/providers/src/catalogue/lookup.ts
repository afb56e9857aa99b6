import type { Capabilities, ModelInfo } from '@reprise/core';
import { anthropicCatalogue } from './anthropic.data.ts';
import type { CatalogueEntry, ProviderCatalogue } from './entry.ts';
import { googleCatalogue } from './google.data.ts';
import { openaiCatalogue } from './openai.data.ts';

/** What a provider's models have in common. */
export interface ProviderDefaults {
  readonly rules: Capabilities['rules'];
  readonly cache: Capabilities['cache'];
  readonly input: Capabilities['input'];
  /** Assumed of a model that the catalogue does not know. */
  readonly window: number;
  readonly output: number;
  readonly temperature: boolean;
  /** Assumed, as the safe side: reasoning is then never sent behind an edited prefix. */
  readonly prefixBound?: boolean;
}

export const CATALOGUE: Readonly<Record<string, ProviderCatalogue>> = {
  anthropic: anthropicCatalogue,
  openai: openaiCatalogue,
  google: googleCatalogue,
  // Its router, for those who have no other key: it picks a model for each request. Limits are those that nearly all of its models keep to.
  openrouter: { 'openrouter/auto': { window: 200_000, output: 32_000 } },
};

/** Facts that the program's user gives, by `provider/model`. Each stands for one field of the built-in entry. */
export type CatalogueExtension = Readonly<Record<string, Partial<CatalogueEntry>>>;

/** The limits, capabilities and price of one model: the user's word first, then the catalogue's, then the provider's defaults. */
export function infoOf(
  provider: string,
  model: string,
  defaults: ProviderDefaults,
  own: CatalogueExtension,
): ModelInfo {
  const known = entryOf(provider, model);
  const told = own[`${provider}/${model}`];
  const entry: Partial<CatalogueEntry> = { ...known, ...told };
  const [input, output, cacheRead, cacheWrite] = entry.price ?? [];
  const price = input === undefined || output === undefined ? undefined : { input, output };
  return {
    contextWindow: entry.window ?? defaults.window,
    maxOutputTokens: entry.output ?? defaults.output,
    from: told?.window !== undefined ? 'user' : known ? 'catalogue' : 'assumed',
    capabilities: {
      rules: defaults.rules,
      temperature: entry.temperature ?? (known ? true : defaults.temperature),
      tools: entry.tools ?? true,
      parallelTools: entry.parallelTools ?? true,
      input: entry.input ?? defaults.input,
      effort: entry.effort ?? [],
      cache: defaults.cache,
      prefixBoundReasoning: entry.prefixBound ?? (known ? false : (defaults.prefixBound ?? false)),
    },
    ...(price && {
      price: {
        ...price,
        ...(cacheRead !== undefined && { cacheRead }),
        ...(cacheWrite !== undefined && { cacheWrite }),
      },
    }),
  };
}

/** The entry of a model id, also of its dated snapshots (`…-20250929`, `…-2026-04-23`, `…-latest`). */
function entryOf(provider: string, model: string): CatalogueEntry | undefined {
  const models = CATALOGUE[provider];
  if (!models) return undefined;
  const base = model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, '');
  for (const id of [model, base]) if (Object.hasOwn(models, id)) return models[id];
  return undefined;
}
