import { resolve } from 'node:path';
import { RATE_WORDS, rateOf } from './rate.ts';
import type { ServeOptions } from './serve.ts';
import { tlsFiles } from './tls-files.ts';

const PORT = 4777;
const RECOVER = ['interrupt', 'continue'] as const;

/** What a person says of a server: as options of a command line, or as variables. Lists have commas. */
export interface ServeWords {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly hosts?: string | undefined;
  readonly origins?: string | undefined;
  readonly proxy?: boolean | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly audit?: string | undefined;
  /** As in `rateOf`. */
  readonly rate?: string | undefined;
  readonly recover?: string | undefined;
}

export type Wrong = (word: keyof ServeWords, wanted: string) => Error;

/** The same for `serve`: files are meant from `cwd`, the port is 4777 where none is said. `wrong` makes the error for what can't be meant. */
export function servedAs(
  { host, port = `${PORT}`, hosts, origins, proxy, tlsCert, tlsKey, audit, rate, recover }: ServeWords,
  cwd: string,
  wrong: Wrong,
): Pick<ServeOptions, 'host' | 'port' | 'hosts' | 'origins' | 'proxy' | 'tls' | 'auditFile' | 'rate' | 'recover'> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw wrong('port', 'a whole number from 0 to 65535');
  const recovers = RECOVER.find((one) => one === recover);
  if (recover !== recovers) throw wrong('recover', `one of ${RECOVER.join(', ')}`);
  const often = rate === undefined ? undefined : rateOf(rate);
  if (rate !== undefined && often === undefined) throw wrong('rate', RATE_WORDS);
  const at = (file: string | undefined): string | undefined => (file === undefined ? undefined : resolve(cwd, file));
  const tls = tlsFiles(at(tlsCert), at(tlsKey));
  return {
    port: Number(port),
    ...(host !== undefined && { host }),
    ...(hosts !== undefined && { hosts: listOf(hosts) }),
    ...(origins !== undefined && { origins: listOf(origins) }),
    ...(proxy !== undefined && { proxy }),
    ...(tls && { tls }),
    ...(audit !== undefined && { auditFile: resolve(cwd, audit) }),
    ...(often && { rate: often }),
    ...(recovers !== undefined && { recover: recovers }),
  };
}

function listOf(words: string): string[] {
  return words
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
