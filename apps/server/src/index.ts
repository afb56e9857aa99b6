export { startServer } from './start.ts';
export type { StartOptions } from './start.ts';
