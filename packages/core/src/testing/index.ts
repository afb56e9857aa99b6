export { storageSuite } from './suite.ts';
export type { MadeStorage, StorageSuite } from './suite.ts';
export type { Fault, Faults, Undo } from './faults.ts';
