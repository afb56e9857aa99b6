import { servedAs, serve as serveSessions, traced } from '@reprise/http/node';
import type { ServeWords } from '@reprise/http/node';
import { EXIT, usageError } from '@reprise/tui';
import type { Handler, Io } from '@reprise/tui';
import { openServed } from '../compose.ts';
import type { SERVE, ServeFlags } from './options.ts';

/** Serves until a signal comes; what runs then is stored with what it has. A second signal doesn't wait. */
export const serve: Handler<typeof SERVE> = async ({ options }, io, { version }) => {
  const address = servedAs(wordsOf(options), io.cwd, wrong);
  const stopped = firstSignal(io);
  const log = options.log
    ? (await import('@reprise/http/log')).logTo({ write: (line) => io.err.write(line) })
    : undefined;
  const content = options['otel-content'];
  const traces = options.otel || content ? await traced({ ...(content && { content }) }) : undefined;
  const { sessions, served } = await openServed(io, options, log?.report);
  const serving = await serveSessions(sessions, {
    ...served,
    ...address,
    ...log,
    version,
    ...(traces && { onTurn: traces.onTurn }),
  }).catch(async (error: unknown) => {
    await sessions.close();
    throw error;
  });
  io.out.write(`${serving.url}\n`);
  const { tokenFile } = serving;
  io.err.write(
    tokenFile === undefined
      ? 'reprise: the access token is the one of REPRISE_SERVER_TOKEN\n'
      : `reprise: the access token is in ${tokenFile}; send it as "Authorization: Bearer …"\n`,
  );
  await stopped;
  io.err.write('reprise: stopping\n', 'dim');
  await serving.stop().finally(() => traces?.flush());
  return EXIT.ok;
};

/** What an option is called on the command line. */
const NAMES: Readonly<Record<keyof ServeWords, keyof ServeFlags>> = {
  host: 'host',
  port: 'port',
  hosts: 'allow-hosts',
  origins: 'allow-origins',
  proxy: 'behind-proxy',
  tlsCert: 'tls-cert',
  tlsKey: 'tls-key',
  audit: 'audit',
  rate: 'rate',
  recover: 'recover',
};

function wordsOf(flags: ServeFlags): ServeWords {
  return Object.fromEntries(Object.entries(NAMES).map(([word, flag]) => [word, flags[flag]]));
}

function wrong(word: keyof ServeWords, wanted: string): Error {
  return usageError(`--${NAMES[word]} takes ${wanted}`, 'reprise serve');
}

function firstSignal(io: Pick<Io, 'onSignal' | 'exit'>): Promise<void> {
  return new Promise((resolve) => {
    let came = false;
    io.onSignal(() => {
      if (came) io.exit(EXIT.interrupted);
      came = true;
      resolve();
    });
  });
}
