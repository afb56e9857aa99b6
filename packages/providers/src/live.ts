export { liveModels, localModels } from './live/live-models.ts';
export type { LiveModelRow, LiveModels, LiveProvider } from './live/live-models.ts';
export { checkKey } from './live/check-key.ts';
export type { KeyCheck } from './live/check-key.ts';
export type { LiveOptions } from './live/ask.ts';
