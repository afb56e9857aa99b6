import { RepriseError } from '@reprise/core';

/** The build hands it what an `import()` of a part of the program fails with: a rebuild or an update may have taken the part away. */
export function partGone(error: unknown): never {
  const here = new URL('.', import.meta.url).href;
  const { code, url } = Object(error) as { readonly code?: unknown; readonly url?: unknown };
  if (code !== 'ERR_MODULE_NOT_FOUND' || typeof url !== 'string' || !url.startsWith(here)) throw error;
  throw new RepriseError('INTERNAL', 'A part of reprise is gone: it was rebuilt or updated while it ran.', {
    hint: 'Run it again. Sessions are kept: go on with --continue, or with --session and the id.',
    cause: error,
  });
}
