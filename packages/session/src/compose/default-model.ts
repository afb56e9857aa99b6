import { RepriseError } from '@reprise/core';
import type { ModelRow } from '@reprise/providers';

/** Aliases of each provider's middle model; the first one whose key is there is the default. */
const PREFERRED = ['claude-sonnet', 'gpt', 'gemini', 'openrouter'];
const OFFLINE = 'demo/offline';

export interface DefaultModel {
  readonly name: string;
  /** For the person: that nothing but a demonstration answers, and what to do about it. */
  readonly notice?: { readonly message: string; readonly hint: string };
}

/**
 * The model of a new session that nobody named: the configuration's, else that of the first provider whose key is there, else
 * `demo/offline` where a person watches (`terminal`). AUTH where nobody does, with what to set.
 */
export function defaultModel(
  configured: string | undefined,
  rows: readonly ModelRow[],
  { terminal }: { readonly terminal: boolean },
): DefaultModel {
  if (configured !== undefined) return { name: configured };
  const ready = PREFERRED.map((alias) => rows.find(({ aliases, key }) => key === 'set' && aliases.includes(alias)));
  const row = ready.find((found) => found !== undefined);
  if (row) return { name: row.name };
  if (!terminal) {
    throw new RepriseError('AUTH', 'No model: none is named, and no provider key is in the environment.', {
      hint: `Set ${keys(rows)}, or name a model with --model or in the configuration (\`reprise models\` also finds local servers).\n--model ${OFFLINE} tries everything out without a key.`,
    });
  }
  return {
    name: OFFLINE,
    notice: {
      message: `no model is named and no provider key is set, so ${OFFLINE} answers: no AI model, a demonstration.`,
      hint: `Set ${keys(rows)} for a real one.`,
    },
  };
}

function keys(rows: readonly ModelRow[]): string {
  const variables = rows.flatMap((row) => (row.key === 'missing' ? row.variables.slice(0, 1) : []));
  return [...new Set(variables)].join(' or ');
}
