import { serve } from '@reprise/http/node';
import type { ServeOptions, Serving } from '@reprise/http/node';
import { openServed } from '@reprise/session/compose';
import type { Place, ServedOptions } from '@reprise/session/compose';

export interface StartOptions
  extends
    Partial<ServedOptions>,
    Pick<
      ServeOptions,
      | 'host'
      | 'port'
      | 'tokens'
      | 'hosts'
      | 'origins'
      | 'proxy'
      | 'recover'
      | 'limits'
      | 'version'
      | 'tls'
      | 'audit'
      | 'auditFile'
      | 'rate'
      | 'onTurn'
    > {
  /** The process that it runs in; default: this one. */
  readonly place?: Place;
}

/**
 * Serves the user's sessions: configuration, store, models and tools as `reprise` has them. `stop()` of what it gives ends everything in order.
 * Rejects with INVALID_INPUT for a configuration that can't be used or a public address that is not made safe, with Node's own error where the port
 * cannot be had; the store is closed then.
 */
export async function startServer(options: StartOptions = {}): Promise<Serving> {
  const {
    place = thisProcess(),
    storage,
    permission,
    model,
    cwd,
    tokenFile,
    tokensFile,
    report = console.error,
    ...address
  } = options;
  const { sessions, served } = await openServed(place, {
    storage,
    permission,
    model,
    cwd,
    tokenFile,
    tokensFile,
    report,
  });
  try {
    return await serve(sessions, { ...served, ...address });
  } catch (error) {
    await sessions.close();
    throw error;
  }
}

function thisProcess(): Place {
  return { env: process.env, cwd: process.cwd(), platform: process.platform, pid: process.pid };
}
