export { recordCassette } from './record.ts';
export type { CassetteRecorder, RecorderOptions } from './record.ts';
export { cassetteOf } from './derive.ts';
export { readCassette } from './read.ts';
export type { Cassette, CassetteCall, CassetteRecord, CassetteRequest } from './format.ts';
export { cassetteModel, cassetteModels } from './model.ts';
export type { PlayOptions } from './model.ts';
export { replayCassette } from './replay.ts';
export type { Replay, ReplayDifference, ReplayOptions } from './replay-types.ts';
