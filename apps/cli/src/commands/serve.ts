import { resolve } from 'node:path';
import { serve as serveSessions, tlsFiles } from '@reprise/http/node';
import { EXIT, usageError } from '@reprise/tui';
import type { Handler, Io } from '@reprise/tui';
import { openServed } from '../compose.ts';
import type { SERVE, ServeFlags } from './options.ts';

const PORT = 4777;

/** Serves until a signal comes; what runs then is stored with what it has. A second signal doesn't wait. */
export const serve: Handler<typeof SERVE> = async ({ options }, io) => {
  const port = portOf(options.port);
  const address = addressOf(options, io.cwd);
  const stopped = firstSignal(io);
  const { sessions, served } = await openServed(io, options);
  const serving = await serveSessions(sessions, { ...served, ...address, port }).catch(async (error: unknown) => {
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
  await serving.stop();
  return EXIT.ok;
};

/** Where it listens, and who may ask there. */
function addressOf(flags: ServeFlags, cwd: string) {
  const { host, recover, 'allow-hosts': hosts, 'allow-origins': origins, 'behind-proxy': proxy, audit } = flags;
  const at = (file: string | undefined): string | undefined => (file === undefined ? undefined : resolve(cwd, file));
  const tls = tlsFiles(at(flags['tls-cert']), at(flags['tls-key']));
  return {
    ...(host !== undefined && { host }),
    ...(recover !== undefined && { recover }),
    ...(hosts !== undefined && { hosts: listOf(hosts) }),
    ...(origins !== undefined && { origins: listOf(origins) }),
    ...(proxy !== undefined && { proxy }),
    ...(tls && { tls }),
    ...(audit !== undefined && { auditFile: resolve(cwd, audit) }),
  };
}

function listOf(words: string): string[] {
  return words
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function portOf(given = `${PORT}`): number {
  if (/^\d{1,5}$/.test(given) && Number(given) < 65_536) return Number(given);
  throw usageError(`--port takes a whole number from 0 to 65535, not "${given}"`, 'reprise serve');
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
