import { resolve } from 'node:path';
import { RepriseError } from '@reprise/core';
import type { ToolContext } from '@reprise/core';

/** A context for calling a tool without a session. Absent parts: ids `local`, no abort, progress goes nowhere, nobody to ask, nothing can be kept. */
export function toolContext(options: { readonly cwd: string } & Partial<ToolContext>): ToolContext {
  const cwd = resolve(options.cwd);
  return {
    session: options.session ?? 'local',
    turn: options.turn ?? 'local',
    call: options.call ?? 'local',
    cwd,
    roots: options.roots ?? [cwd],
    signal: options.signal ?? new AbortController().signal,
    now: options.now ?? Date.now,
    keep: options.keep ?? nothingIsKept,
    progress: options.progress ?? (() => undefined),
    spawn:
      options.spawn ??
      (() => {
        throw new RepriseError('UNSUPPORTED', 'There is no session here that a sub-session could belong to.');
      }),
    ask: options.ask ?? (() => Promise.reject(new RepriseError('PERMISSION_DENIED', 'Nobody is there to ask.'))),
  };
}

async function nothingIsKept(): Promise<never> {
  throw new RepriseError('UNSUPPORTED', 'Without a session no file can be kept.', {
    hint: 'Give the context a `keep`.',
  });
}
