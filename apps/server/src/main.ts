import packageJson from '../package.json' with { type: 'json' };
import { traced } from '@reprise/http/node';
import type { Serving } from '@reprise/http/node';
import { isOn, optionsOf } from './environment.ts';
import { startServer } from './start.ts';

/** Set up by the environment alone, for containers and service managers. */
const { env } = process;

async function start(): Promise<Serving> {
  const log = isOn(env, 'REPRISE_LOG') ? (await import('@reprise/http/log')).logTo(process.stderr) : {};
  const content = isOn(env, 'REPRISE_OTEL_CONTENT');
  const traces = isOn(env, 'REPRISE_OTEL') || content ? await traced({ content }) : undefined;
  const options = { ...log, ...(traces && { onTurn: traces.onTurn }), ...optionsOf(env, process.cwd()) };
  const serving = await startServer({ ...options, version: packageJson.version });
  return { ...serving, stop: () => serving.stop().finally(() => traces?.flush()) };
}

const serving = await start().catch((error: unknown) => {
  const { message, hint } = error as { readonly message?: string; readonly hint?: string };
  process.stderr.write(`reprise-server: ${message ?? String(error)}\n${hint === undefined ? '' : `  ${hint}\n`}`);
  process.exit(2);
});
process.stdout.write(`${serving.url}\n`);
process.stderr.write(
  serving.tokenFile === undefined
    ? 'reprise-server: the access token is the one of REPRISE_SERVER_TOKEN\n'
    : `reprise-server: the access token is in ${serving.tokenFile}\n`,
);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    serving.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`reprise-server: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
}
