export { openSessions } from './open.ts';
export type { OpenOptions, Opened, Place } from './open.ts';
export { modelsOptions, openModels } from './models.ts';
export { defaultModel } from './default-model.ts';
export type { DefaultModel } from './default-model.ts';
export { keptIn, openStorage } from './storage.ts';
export type { Kept, Site } from './storage.ts';
export { configurationError, homeOf, loadConfig, loadSettings } from './config.ts';
export type { Config, Environment, Settings } from './config.ts';
