import type { SessionStorage } from '../contracts/storage.ts';

/** Ends a fault. */
export type Undo = () => unknown;

/** Puts a fault in force on the medium of `storage`; what it gives ends it. */
export type Fault = (storage: SessionStorage) => Undo | Promise<Undo>;

/**
 * How the suite may hurt the medium of a store. Every member is optional, and so is the whole: a store that can't be hurt in some way
 * leaves that out, and its rules are passed over.
 */
export interface Faults {
  /** While in force nothing more can be written, as on a full disk. */
  readonly full?: Fault;
  /** While in force every sync fails. */
  readonly syncFails?: Fault;
  /** While in force no file can be put in another's place. Only for stores that do so. */
  readonly renameFails?: Fault;
  /** While in force the clock that the store reads shows `time` (milliseconds since 1970). */
  readonly clock?: (storage: SessionStorage, time: number) => Undo | Promise<Undo>;
  /** Leaves an unfinished append behind the last record of `id`, as kill -9 in the middle of a write does. No lease is held. */
  readonly tear?: (storage: SessionStorage, id: string) => unknown;
  /** Puts the last record of `id` on the medium a second time, as a repeated write does. No lease is held. */
  readonly double?: (storage: SessionStorage, id: string) => unknown;
  /** Appends a record to `id` as a program does that knows nothing of leases. A lease is held. */
  readonly intrude?: (storage: SessionStorage, id: string) => unknown;
  /** Makes record `seq` of `id` unreadable where it is, as a flipped bit does. No lease is held. */
  readonly damage?: (storage: SessionStorage, id: string, seq: number) => unknown;
  /** While in force `id` looks as if a newer version had written it. No lease is held. */
  readonly newer?: (storage: SessionStorage, id: string) => Undo | Promise<Undo>;
  /** Lets the lease on `id` run out, as if its holder had been stopped. Only for stores that say `supports.takeover`. */
  readonly expire?: (storage: SessionStorage, id: string) => unknown;
  /** Cuts the power. Gives a new instance on what was synced; `storage` isn't used any more, and no lease is held. */
  readonly cutPower?: (storage: SessionStorage) => SessionStorage | Promise<SessionStorage>;
}
