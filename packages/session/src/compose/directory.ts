import { RepriseError } from '@reprise/core';

/** The real path of a directory, `given` from `cwd`; `cwd` itself where nothing is. INVALID_INPUT, with what it was `called`, where there is none. */
export function directoryOf(given: string | undefined, cwd: string, called: string): string {
  if (given === undefined) return cwd;
  const fs = process.getBuiltinModule('node:fs');
  try {
    const real = fs.realpathSync(process.getBuiltinModule('node:path').resolve(cwd, given));
    // An empty name is a variable that is not set, and not the directory where we are.
    if (given !== '' && fs.statSync(real).isDirectory()) return real;
  } catch {
    // Told below.
  }
  throw new RepriseError('INVALID_INPUT', `${called} names no directory: ${given}`);
}
