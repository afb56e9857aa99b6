export { eventLoopLag } from './lag.ts';
export { listen } from './listen.ts';
export type { ListenOptions, Listening } from './listen.ts';
export { serve } from './serve.ts';
export type { ServeOptions, Serving } from './serve.ts';
export { keptToken, tokenIn } from './token-file.ts';
export { tlsFiles } from './tls-files.ts';
