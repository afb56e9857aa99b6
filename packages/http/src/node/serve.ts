import { RepriseError, toCoded } from '@reprise/core';
import type { Sessions } from '@reprise/core';
import type { AccessToken, ServerOptions } from '../options.ts';
import { createServer } from '../server.ts';
import { isLoopback } from './address.ts';
import { auditFile } from './audit-file.ts';
import { eventLoopLag } from './lag.ts';
import { listen } from './listen.ts';
import type { ListenOptions } from './listen.ts';
import { tokenIn } from './token-file.ts';
import { looksOf, namedTokens, watchTokens } from './tokens-file.ts';
import type { NamedToken } from './tokens-file.ts';

export interface ServeOptions extends Omit<ServerOptions, 'tokens'> {
  /** Default: 127.0.0.1. Another one than this machine's loopback needs `tokens`, `hosts`, and `tls` or `proxy`. */
  readonly host?: string;
  readonly port?: number;
  /** Tokens of one's own; without them there is one, in `tokenFile`. */
  readonly tokens?: readonly AccessToken[];
  /** Where the token is kept that is made at random where none is there; 0600. */
  readonly tokenFile: string;
  /**
   * Where more tokens are, each with its name, its scopes, and the hash of it: JSON that `addToken` writes and `namedTokens` reads, 0600. Changes count
   * within a second; what is wrong with them is reported, and changes nothing.
   */
  readonly tokensFile?: string;
  /** Something in front of the server, which nobody can go around, speaks TLS with the clients. */
  readonly proxy?: boolean;
  readonly tls?: ListenOptions['tls'];
  /** Gets a line of JSON for each request, beside `audit`; 0600. */
  readonly auditFile?: string;
  /** What becomes of turns that a crash left open; default: `interrupt`. */
  readonly recover?: 'interrupt' | 'continue';
}

export interface Serving {
  readonly url: string;
  readonly port: number;
  /** Where the token is; `undefined` where the caller has given its own. */
  readonly tokenFile: string | undefined;
  /** Resolves when the turns that a crash left open are ended, or go on. */
  readonly recovered: Promise<void>;
  /**
   * No new work; what runs is ended and stored with what it has, streams end, then the sessions are closed. Resolves after 5 s at the latest; TIMEOUT
   * then, where something did not end. Twice is no error.
   */
  stop(): Promise<void>;
}

/** All that a stop may take. */
const STOP_MS = 5000;
/** How long connections may take to end with their answers. */
const CONNECTIONS_MS = 1000;

/**
 * Sessions on a port of this machine, which it closes in the end. INVALID_INPUT for a public address that is not made safe: what listens there is
 * a way to run commands on this machine.
 */
export async function serve(sessions: Sessions, options: ServeOptions): Promise<Serving> {
  const {
    host = '127.0.0.1',
    port,
    tokens,
    tokenFile,
    tokensFile,
    recover,
    tls,
    proxy,
    auditFile: file,
    ...rest
  } = options;
  const seen = tokensFile === undefined ? '' : looksOf(tokensFile);
  const named = tokensFile === undefined ? [] : namedTokens(tokensFile);
  if (!isLoopback(host)) assertSafe({ ...options, tokens: [...(tokens ?? []), ...named] });
  const own = tokens ?? [{ name: 'local', token: tokenIn(tokenFile) }];
  const report = options.report ?? ((error: unknown) => console.error(error));
  const server = createServer(sessions, {
    lag: eventLoopLag(),
    ...rest,
    report,
    tokens: [...own, ...named],
    audit(entry) {
      kept?.audit(entry);
      rest.audit?.(entry);
    },
  });
  const kept = file === undefined ? undefined : auditFile(file);
  const listening = await listen(server, {
    host,
    ...(port !== undefined && { port }),
    ...(tls && { tls }),
    ...(proxy !== undefined && { proxy }),
  }).catch((error: unknown) => {
    kept?.close();
    throw error;
  });
  const recovered = server.recover(recover).then(() => undefined, report);
  const changed = (now: readonly NamedToken[]): void => server.setTokens([...own, ...now]);
  const unwatch = tokensFile === undefined ? undefined : watchTokens(tokensFile, seen, { changed, report });
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    unwatch?.();
    // New connections are refused while turns end; answers to what runs still get through.
    const closed = listening.close(CONNECTIONS_MS);
    await server.close();
    await recovered;
    await Promise.all([closed, sessions.close()]);
    kept?.close();
  };
  return {
    url: listening.url,
    port: listening.port,
    tokenFile: tokens === undefined ? tokenFile : undefined,
    recovered,
    stop: () => (stopping ??= within(STOP_MS, stop())),
  };
}

function assertSafe({ host, tokens = [], hosts = [], proxy = false, tls }: ServeOptions): void {
  const missing = [
    ...(tokens.length === 0 ? ['tokens of its own'] : []),
    ...(hosts.length === 0 ? ['the host names under which it is asked'] : []),
    ...(proxy || tls !== undefined ? [] : ['TLS, its own or in front of it (say so with the proxy option)']),
  ];
  if (missing.length === 0) return;
  throw new RepriseError(
    'INVALID_INPUT',
    `A server on ${host} can be reached by others, and lacks ${missing.join(', ')}.`,
    {
      hint: 'Serve on 127.0.0.1, or give what is missing.',
    },
  );
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RepriseError('TIMEOUT', `Not everything ended within ${ms} ms.`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } catch (error) {
    throw toCoded(error);
  } finally {
    clearTimeout(timer);
  }
}
