import type { SessionOptions } from '../contracts/session.ts';
import { isCoded } from '../errors.ts';
import { changeOf } from './begin.ts';
import type { Parts } from './parts.ts';
import { carryOnOpen } from './start-turn.ts';

/** What `resume` was told in place of what the session has; an open turn goes on if that is asked for. */
export async function override(parts: Parts, options: Partial<SessionOptions>): Promise<void> {
  await changeOf(parts, options);
  if (options.recover === 'continue') carryOnOpen(parts);
  // A model that is gone stops no reading: its error comes with the first message.
  await parts.resolveModel().catch((error: unknown) => {
    if (options.model !== undefined || !isCoded(error)) throw error;
  });
}
