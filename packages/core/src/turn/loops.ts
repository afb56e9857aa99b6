import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import type { Finished } from './calls.ts';

/** The same call with the same result so often in a row, and the turn ends. */
const REPEATS = 3;

/** Watches for a model that repeats itself. */
export class LoopWatch {
  #last = '';
  #count = 0;

  /** The error that ends the turn, once the newest calls repeat the earlier ones often enough. */
  see(finished: readonly Finished[]): Coded | undefined {
    const key = JSON.stringify(finished.map(({ tool, params, ran }) => [tool, params, ran.result, ran.error]));
    this.#count = key === this.#last ? this.#count + 1 : 1;
    this.#last = key;
    if (this.#count < REPEATS || finished.length === 0) return undefined;
    const failed = finished.find(({ ran }) => ran.error !== undefined);
    const tool = (failed ?? finished[0])?.tool ?? '';
    if (failed === undefined) {
      return new RepriseError(
        'TOOL_ERROR',
        `The model called ${tool} ${REPEATS} times with the same arguments and the same result.`,
        {
          hint: 'Tell it what to do differently; the session is kept.',
        },
      );
    }
    return new RepriseError(
      failed.code === 'PERMISSION_DENIED' ? 'PERMISSION_DENIED' : 'TOOL_ERROR',
      `${tool} failed ${REPEATS} times in a row: ${failed.ran.error}`,
      {
        hint: 'Tell the model what to do differently; the session is kept.',
      },
    );
  }
}
