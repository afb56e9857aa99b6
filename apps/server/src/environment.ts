import { RepriseError } from '@reprise/core';
import { servedAs } from '@reprise/http/node';
import type { ServeWords } from '@reprise/http/node';
import { directoryOf } from '@reprise/session/compose';
import type { StartOptions } from './start.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What an option is called here. */
const NAMES = {
  host: 'REPRISE_HOST',
  port: 'REPRISE_PORT',
  hosts: 'REPRISE_ALLOW_HOSTS',
  origins: 'REPRISE_ALLOW_ORIGINS',
  proxy: 'REPRISE_BEHIND_PROXY',
  tlsCert: 'REPRISE_TLS_CERT',
  tlsKey: 'REPRISE_TLS_KEY',
  audit: 'REPRISE_AUDIT',
  rate: 'REPRISE_RATE',
  recover: 'REPRISE_RECOVER',
} as const satisfies Record<keyof ServeWords, string>;

const MODES = ['ask', 'accept-edits', 'auto', 'deny'] as const;

/**
 * What the environment says of the server; INVALID_INPUT for what it can't mean. REPRISE_HOME, REPRISE_SERVER_TOKEN and REPRISE_TOKENS are read where they
 * are used.
 */
export function optionsOf(env: Environment, cwd: string): StartOptions {
  const { proxy: _, ...names } = NAMES;
  const words = Object.fromEntries(Object.entries(names).map(([word, name]) => [word, env[name] || undefined]));
  const wrong = (word: keyof ServeWords, wanted: string): RepriseError => invalid(NAMES[word], wanted);
  const permission = MODES.find((mode) => mode === env['REPRISE_PERMISSION']);
  if (env['REPRISE_PERMISSION'] && permission === undefined)
    throw invalid('REPRISE_PERMISSION', `one of ${MODES.join(', ')}`);
  return {
    ...servedAs({ ...words, proxy: isOn(env, NAMES.proxy) }, cwd, wrong),
    permission,
    model: env['REPRISE_MODEL'] || undefined,
    storage: env['REPRISE_STORAGE'] || undefined,
    tokenFile: env['REPRISE_TOKEN_FILE'] || undefined,
    cwd: directoryOf(env['REPRISE_CWD'] || undefined, cwd, 'REPRISE_CWD'),
  };
}

/** INVALID_INPUT for what is neither yes nor no. */
export function isOn(env: Environment, name: string): boolean {
  const said = env[name] || '0';
  if (said !== '1' && said !== '0') throw invalid(name, '"1" or "0"');
  return said === '1';
}

function invalid(name: string, wanted: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `${name} must be ${wanted}.`);
}
