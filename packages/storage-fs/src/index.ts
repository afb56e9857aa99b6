export { fsStorage, fsStorage as default } from './storage.ts';
export { rootOf } from './root.ts';
export type { FsStorageOptions } from './root.ts';
export { verifySession } from './verify.ts';
export { repairSession } from './repair.ts';
export type { Repair, RepairOptions } from './repair.ts';
export type { RepairStep } from './repair-plan.ts';
export { collectGarbage } from './garbage.ts';
export type { Collected, Garbage, GarbageOptions } from './garbage.ts';
