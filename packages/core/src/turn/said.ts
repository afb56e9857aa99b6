import type { JSONValue } from '@ai-sdk/provider';
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
  /** JSON schema of what the turn is to give. */
  readonly output?: JSONValue;
  readonly effort?: Effort;
  /** What the turn may take. */
  readonly budget?: Limits;
}
