export { createServer } from './server.ts';
export type { Server } from './server.ts';
export { LIMITS, SCOPES } from './options.ts';
export type { AccessToken, Limits, ModelRow, Principal, Rate, Scope, ServerOptions, TokenGrant } from './options.ts';
export type { Peer, RequestEntry } from './call.ts';
export { STATUS } from './problem.ts';
export type { Problem } from './problem.ts';
export type { Recovered } from './pool/recover.ts';
