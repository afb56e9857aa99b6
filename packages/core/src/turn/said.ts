import type { NewFile } from '../files/read.ts';
import type { Effort } from '../contracts/model.ts';
import type { Limits } from '../contracts/usage.ts';

/** What the user says, and how the turn that it opens is run. */
export interface Said {
  readonly text: string;
  /** The idempotency key under which it waited. */
  readonly key?: string;
  /** Nobody is there to hear what is wrong with it. */
  readonly waited?: boolean;
  readonly files?: readonly NewFile[];
  readonly effort?: Effort;
  /** What the turn may take. */
  readonly budget?: Limits;
}
