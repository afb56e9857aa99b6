import type { Effort } from '../contracts/model.ts';
import type { Limits } from '../contracts/usage.ts';

/** What the user says, and how the turn that it opens is run. */
export interface Said {
  readonly text: string;
  /** The idempotency key under which it waited. */
  readonly key?: string;
  readonly effort?: Effort;
  /** What the turn may take. */
  readonly budget?: Limits;
}
