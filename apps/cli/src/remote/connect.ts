import { connect } from '@reprise/client';
import type { ConnectOptions, RemoteSessions } from '@reprise/client';
import { usageError } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import type { StoreFlags } from '../commands/options.ts';
import { isLoopback, tokenFor } from './token.ts';

/** The sessions of the server that `--server` names. Nothing is sent yet. */
export function connectTo(
  io: Io,
  { storage }: StoreFlags,
  server: string,
  options: Pick<ConnectOptions, 'ask' | 'onAsk'> = {},
): RemoteSessions {
  if (storage !== undefined) throw usageError('--server and --storage exclude each other', 'reprise');
  const url = serverUrl(server);
  const token = tokenFor(url, io);
  if (url.protocol === 'http:' && !isLoopback(url)) {
    io.err.write(
      `reprise: the token and the answers go to ${url.host} unencrypted; use https:// where it is served\n`,
      'yellow',
    );
  }
  const report = (error: unknown): void =>
    io.err.write(`reprise: ${error instanceof Error ? error.message : String(error)}\n`, 'dim');
  return connect({ url: url.href, token, report, ...options });
}

/** A usage error for what names no server. A secret in it would stand in the list of processes, so it is refused. */
export function serverUrl(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw usageError(`--server takes a URL such as http://127.0.0.1:4777, not "${given}"`, 'reprise');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw usageError('--server takes a plain URL; the token goes into REPRISE_TOKEN', 'reprise');
  return url;
}
