import { homeOf, loadConfig } from '../config.ts';
import { EXIT } from '../exit-codes.ts';
import { openModels } from '../models.ts';
import type { JSON_ONLY } from './options.ts';
import type { Handler } from './table.ts';

const KEY = { set: 'key set', missing: 'key missing', 'not-needed': '' } as const;

export const models: Handler<typeof JSON_ONLY> = async ({ options }, io) => {
  const rows = openModels(io, await loadConfig(homeOf(io))).list();
  if (options.json) io.out.json(rows);
  else {
    const width = Math.max(...rows.map(({ name }) => name.length));
    for (const { name, contextWindow, key, aliases } of rows) {
      const facts = [`${Math.round(contextWindow / 1000)}k tokens`, KEY[key], aliases.join(', ')].filter(
        (fact) => fact !== '',
      );
      io.out.write(`${name.padEnd(width)}  ${facts.join('  ')}\n`);
    }
  }
  return EXIT.ok;
};
