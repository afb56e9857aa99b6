export { createHealthServer } from './health.ts';
export type { HealthServer, HealthServerOptions } from './health.ts';
