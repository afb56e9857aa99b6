import { RepriseError } from '@reprise/core';
import { createModels } from '@reprise/providers';
import type { ModelRow, Models } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import type { Config } from './config.ts';
import type { Io } from '@reprise/tui';

/** Aliases of each provider's middle model; the first one whose key is there is the default. */
const PREFERRED = ['claude-sonnet', 'gpt', 'gemini'];
const OFFLINE = 'demo/offline';

/** The names of models; each provider's SDK is loaded when one of its models is called. */
export function openModels({ env }: Pick<Io, 'env'>, { aliases, providers }: Config): Models {
  return createModels({ env, fetch: nodeFetch, ...(aliases && { aliases }), ...(providers && { providers }) });
}

/** The model of a new session that no option names: the configuration's, that of a key at hand, on a terminal the offline one. */
export function chooseModel(
  configured: string | undefined,
  rows: readonly ModelRow[],
  { out, err }: Pick<Io, 'out' | 'err'>,
): string {
  if (configured !== undefined) return configured;
  const ready = PREFERRED.map((alias) => rows.find(({ aliases, key }) => key === 'set' && aliases.includes(alias)));
  const row = ready.find((found) => found !== undefined);
  if (row) return row.name;
  if (!out.isTTY) {
    throw new RepriseError('AUTH', 'No model: none is named, and no provider key is in the environment.', {
      hint: `Set ${keys(rows)}, or name a model with --model or in the configuration.\n--model ${OFFLINE} tries everything out without a key.`,
    });
  }
  err.write(
    `reprise: no model is named and no provider key is set, so ${OFFLINE} answers: no AI model, a demonstration.\n`,
    'yellow',
  );
  err.write(`  Set ${keys(rows)} for a real one.\n`, 'dim');
  return OFFLINE;
}

function keys(rows: readonly ModelRow[]): string {
  const variables = rows.flatMap((row) => (row.key === 'missing' ? row.variables.slice(0, 1) : []));
  return [...new Set(variables)].join(' or ');
}
