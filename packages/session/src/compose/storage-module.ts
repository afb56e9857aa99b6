import type { SessionStorage } from '@reprise/core';
import { configurationError } from './config.ts';

export interface StorageModule {
  /** A path (`./my-store.js`, `/…`, `file:…`) or the name of a package. */
  readonly module: string;
  /** The folder that a path is meant from and that a package is looked for from. */
  readonly from: string;
  /** What the default export is called with. */
  readonly options: Readonly<Record<string, unknown>>;
}

const METHODS = ['acquire', 'append', 'read', 'head', 'list', 'remove', 'close'] as const;
const EXPECTED =
  'Its default export must be (options) => SessionStorage, contract version 1: ' +
  `{ contract: 1, supports, ${METHODS.join(', ')} }. @reprise/core describes it, @reprise/core/testing checks it.`;

/** The store that a module makes. A configuration error where there is none such, or it is no storage module. */
export async function loadStorage({ module: name, from, options }: StorageModule): Promise<SessionStorage> {
  const make = (await load(name, from)).default;
  if (typeof make !== 'function') throw refused(name, 'its default export is no function');
  let made: unknown;
  try {
    made = make(options);
  } catch (error) {
    throw refused(name, `it can't be opened: ${said(error)}`, 'Look at storageOptions in the configuration.', error);
  }
  const fault = faultOf(made);
  if (fault !== undefined) throw refused(name, fault);
  return made as SessionStorage;
}

async function load(name: string, from: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(isPath(name) ? urlOf(name, from) : packageUrl(name, from));
  } catch (error) {
    if (!isPath(name) && process.getBuiltinModule('node:fs').existsSync(`${from}/${name}`)) {
      throw refused(name, `no package of that name is installed for ${from}`, `Write ./${name} for the file.`, error);
    }
    throw refused(name, `it can't be loaded from ${from}: ${said(error)}`, EXPECTED, error);
  }
}

function isPath(name: string): boolean {
  return (
    name.startsWith('file:') || /^\.{0,2}[\\/]/.test(name) || process.getBuiltinModule('node:path').isAbsolute(name)
  );
}

function urlOf(name: string, from: string): string {
  if (name.startsWith('file:')) return name;
  const path = process.getBuiltinModule('node:path');
  return process.getBuiltinModule('node:url').pathToFileURL(path.resolve(from, name)).href;
}

/** Where Node finds the package for a module in `from`: `import.meta.resolve` knows only this file's own place, so a hook moves it. */
function packageUrl(name: string, from: string): string {
  const parentURL = urlOf('./reprise.js', from);
  const hook = process.getBuiltinModule('node:module').registerHooks({
    resolve: (specifier, context, next) => next(specifier, specifier === name ? { ...context, parentURL } : context),
  });
  try {
    return import.meta.resolve(name);
  } finally {
    hook.deregister();
  }
}

/** What keeps `made` from being a store of contract version 1. */
function faultOf(made: unknown): string | undefined {
  if (made instanceof Promise)
    return 'it gives a promise; the store must be there at once, and may open itself at its first call';
  if (typeof made !== 'object' || made === null) return 'it gives no store';
  const { contract, supports } = made as Partial<SessionStorage>;
  if (contract !== 1)
    return `its contract is ${JSON.stringify(contract) ?? 'missing'}, and this Reprise knows version 1`;
  if (typeof supports !== 'object' || supports === null) return '`supports` is missing';
  const missing = METHODS.filter((method) => typeof (made as Record<string, unknown>)[method] !== 'function');
  return missing.length > 0 ? `the store lacks ${missing.join(', ')}` : undefined;
}

function refused(name: string, fault: string, hint = EXPECTED, cause?: unknown): Error {
  return configurationError(name, `The storage ${name} can't be used: ${fault}`, hint, cause);
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
