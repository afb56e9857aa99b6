import { RepriseError } from '@reprise/core';
import { tlsFiles } from '@reprise/http/node';
import type { StartOptions } from './start.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const PORT = 4777;

/** What the environment says of the server; INVALID_INPUT for what it can't mean. REPRISE_HOME, REPRISE_SERVER_TOKEN and REPRISE_TOKENS are read where they are used. */
export function optionsOf(env: Environment): StartOptions {
  const { REPRISE_HOST: host, REPRISE_PORT: port = String(PORT), REPRISE_RECOVER: recover } = env;
  const { REPRISE_ALLOW_HOSTS: hosts, REPRISE_ALLOW_ORIGINS: origins, REPRISE_BEHIND_PROXY: proxy } = env;
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw invalid('REPRISE_PORT', 'a whole number from 0 to 65535');
  if (recover !== undefined && recover !== 'interrupt' && recover !== 'continue')
    throw invalid('REPRISE_RECOVER', '"interrupt" or "continue"');
  if (proxy !== undefined && proxy !== '1' && proxy !== '0') throw invalid('REPRISE_BEHIND_PROXY', '"1" or "0"');
  const tls = tlsFiles(env['REPRISE_TLS_CERT'], env['REPRISE_TLS_KEY']);
  return {
    port: Number(port),
    ...(host !== undefined && { host }),
    ...(recover !== undefined && { recover }),
    ...(hosts !== undefined && { hosts: listOf(hosts) }),
    ...(origins !== undefined && { origins: listOf(origins) }),
    proxy: proxy === '1',
    ...(tls && { tls }),
    ...(env['REPRISE_AUDIT'] !== undefined && { auditFile: env['REPRISE_AUDIT'] }),
    ...(env['REPRISE_MODEL'] !== undefined && { model: env['REPRISE_MODEL'] }),
  };
}

function listOf(words: string): string[] {
  return words
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function invalid(name: string, wanted: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `${name} must be ${wanted}.`);
}
