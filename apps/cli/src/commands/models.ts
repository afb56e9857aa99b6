import { loadSettings, openModels } from '@reprise/session/compose';
import { EXIT } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import type { MODELS } from './options.ts';

const KEY = { set: 'key set', missing: 'key missing', 'not-needed': '' } as const;

interface Row {
  readonly name: string;
  readonly contextWindow?: number;
  readonly key: keyof typeof KEY;
  readonly aliases: readonly string[];
}

export const models: Handler<typeof MODELS> = async ({ options }, io) => {
  const { config } = await loadSettings(io.env);
  if (options.live) return (await import('./models-live.ts')).modelsLive(config, options, io);
  const rows = openModels(io.env, config).list();
  if (options.json) io.out.json(rows);
  else io.out.write(table(rows));
  return EXIT.ok;
};

export function table(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, contextWindow, key, aliases }) => {
    const tokens = contextWindow === undefined ? '' : `${Math.round(contextWindow / 1000)}k tokens`;
    const facts = [tokens, KEY[key], aliases.join(', ')].filter((fact) => fact !== '');
    return `${`${name.padEnd(width)}  ${facts.join('  ')}`.trimEnd()}\n`;
  });
  return lines.join('');
}
