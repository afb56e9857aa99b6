import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Server } from '../server.ts';

export interface ListenOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  /** Connections at once. Default 8192. */
  readonly connections?: number;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** No new connection; those that are open end with their answers, and at `graceMs` at the latest. Twice is no error. */
  close(graceMs?: number): Promise<void>;
}

/** Lets a server be asked over HTTP/1.1. Rejects with Node's own error (EADDRINUSE, EACCES) where the port cannot be had. */
export function listen(server: Pick<Server, 'fetch'>, options: ListenOptions = {}): Promise<Listening> {
  const { host = '127.0.0.1', port = 0, connections = 8192 } = options;
  const http = createAdaptorServer({
    fetch: (request) => server.fetch(request),
    overrideGlobalObjects: false,
    serverOptions: { headersTimeout: 10_000, requestTimeout: 60_000, maxHeaderSize: 16_384, keepAliveTimeout: 10_000 },
  }) as HttpServer;
  http.maxConnections = connections;
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ port, host }, () => {
      http.off('error', reject);
      const bound = (http.address() as AddressInfo).port;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve({ host, port: bound, url: `http://${name}:${bound}`, close: (graceMs = 1000) => close(http, graceMs) });
    });
  });
}

function close(http: HttpServer, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => http.closeAllConnections(), graceMs);
    http.close(() => {
      clearTimeout(timer);
      resolve();
    });
    http.closeIdleConnections();
  });
}
