export { connect } from './connect.ts';
export type { ConnectOptions, RemoteModel, RemoteSessions } from './connect.ts';
export type { RemoteSession, SessionChange } from './session.ts';
