export { storageSuite } from './suite.ts';
export type { MadeStorage, StorageSuite } from './suite.ts';
