export { fsStorage, fsStorage as default } from './storage.ts';
export { rootOf } from './root.ts';
export type { FsStorageOptions } from './root.ts';
export { verifySession } from './verify.ts';
