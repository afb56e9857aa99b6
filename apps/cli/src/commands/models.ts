import type { LiveModelRow } from '@reprise/providers/live';
import { EXIT } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import type { MODELS } from './options.ts';

type Row = Pick<LiveModelRow, 'name' | 'contextWindow'> & Partial<Pick<LiveModelRow, 'key' | 'aliases'>>;

const KEY = { set: 'key set', missing: 'key missing', 'not-needed': '' } as const;

/** The catalogue, and what the local servers that run have. Nobody else is asked. */
export const models: Handler<typeof MODELS> = async ({ options }, io) => {
  if (options.server !== undefined)
    return (await import('./models-remote.ts')).modelsRemote(options, options.server, io);
  const { loadSettings, modelsOptions } = await import('@reprise/session/compose');
  const { config } = await loadSettings(io.env);
  if (options.live) return (await import('./models-live.ts')).modelsLive(config, options, io);
  const { localModels } = await import('@reprise/providers/live');
  const { rows, providers } = await localModels(modelsOptions(io.env, config));
  if (options.json) {
    io.out.json(rows);
    return EXIT.ok;
  }
  io.out.write(table(rows));
  for (const { provider, state, error } of providers) {
    if (state !== 'failed') continue;
    io.err.write(`reprise: ${provider} failed: ${error?.message ?? ''}\n`, 'yellow');
    if (error?.hint) io.err.write(`  ${error.hint}\n`, 'dim');
  }
  return EXIT.ok;
};

export function table(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, contextWindow, key = 'not-needed', aliases = [] }) => {
    const tokens = contextWindow === undefined ? '' : `${Math.round(contextWindow / 1000)}k tokens`;
    const facts = [tokens, KEY[key], aliases.join(', ')].filter((fact) => fact !== '');
    return `${`${name.padEnd(width)}  ${facts.join('  ')}`.trimEnd()}\n`;
  });
  return lines.join('');
}
