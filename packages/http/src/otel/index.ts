export { traceTurns } from './trace-turns.ts';
export type { TraceOptions } from './trace-turns.ts';
