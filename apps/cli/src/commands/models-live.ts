import { liveModels } from '@reprise/providers/live';
import type { LiveProvider } from '@reprise/providers/live';
import { modelsOptions } from '@reprise/session/compose';
import type { Config } from '@reprise/session/compose';
import { EXIT, exitCodeOf } from '@reprise/tui';
import type { Io, Values } from '@reprise/tui';
import { plain } from '../render/machine.ts';
import { table } from './models.ts';
import type { MODELS } from './options.ts';

/** What the providers list now. A failure is told and takes nothing from the others; where nobody answers, it is the exit code. */
export async function modelsLive(config: Config, { json }: Values<typeof MODELS>, io: Io): Promise<number> {
  const { rows, providers } = await liveModels(modelsOptions(io.env, config));
  const failed = providers.flatMap(({ state, error }) => (state === 'failed' && error ? [error] : []));
  if (json) {
    const told = providers.map(({ error, ...rest }) => ({ ...rest, ...(error && { error: plain(error) }) }));
    io.out.json({ models: rows, providers: told });
  } else {
    io.out.write(table(rows.filter(({ source }) => source === 'live')));
    for (const provider of providers) tell(provider, io);
  }
  return failed[0] && providers.every(({ state }) => state !== 'live') ? exitCodeOf(failed[0]) : EXIT.ok;
}

function tell({ provider, state, models, error }: LiveProvider, { err }: Io): void {
  if (state === 'live') err.write(`reprise: ${provider} lists ${models} models\n`, 'dim');
  else if (state === 'absent') err.write(`reprise: ${provider} does not run here\n`, 'dim');
  else if (state === 'failed') err.write(`reprise: ${provider} failed: ${error?.message ?? ''}\n`, 'red');
  else err.write(`reprise: ${provider} was not asked: ${error?.message ?? ''}\n`, 'dim');
  if (state === 'failed' && error?.hint) err.write(`  ${error.hint}\n`, 'dim');
}
