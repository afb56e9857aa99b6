import type { Server as HttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { RepriseError } from '@reprise/core';
import { isLoopback, peerOf } from './address.ts';
import type { Server } from '../server.ts';

export interface ListenOptions {
  /** Default: 127.0.0.1. Another one than this machine's loopback needs `tls` or `proxy`. */
  readonly host?: string;
  /** 0 (the default) takes a free one. */
  readonly port?: number;
  /** Connections at once; who comes beyond that is turned away. Default 8192. */
  readonly connections?: number;
  /** Milliseconds in which the headers of a request must be there, at most twice as many: 408 else. Default 10,000. */
  readonly headersMs?: number;
  /** Certificate and private key, PEM: the server then speaks TLS. */
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array };
  /** Something in front of the server, which nobody can go around, speaks TLS with the clients and says who they are in X-Forwarded-For. */
  readonly proxy?: boolean;
}

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** No new connection; those that are open end with their answers, and at `graceMs` at the latest. Twice is no error. */
  close(graceMs?: number): Promise<void>;
}

/** Lets a server be asked over HTTP/1.1. INVALID_INPUT for a public address without TLS, and for a certificate that is none. Rejects with Node's own error (EADDRINUSE, EACCES) where the port cannot be had. */
export async function listen(server: Pick<Server, 'fetch'>, options: ListenOptions = {}): Promise<Listening> {
  const { host = '127.0.0.1', port = 0, connections = 8192, headersMs = 10_000, tls, proxy = false } = options;
  if (!isLoopback(host) && tls === undefined && !proxy) {
    throw new RepriseError('INVALID_INPUT', `Without TLS a server on ${host} would send tokens for all to read.`, {
      hint: 'Listen on 127.0.0.1, give `tls`, or say `proxy: true` where something in front of it speaks TLS.',
    });
  }
  const http = adapted(server, tls, proxy, headersMs);
  http.maxConnections = connections;

  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen({ port, host }, () => {
      http.off('error', reject);
      const bound = (http.address() as AddressInfo).port;
      const name = host.includes(':') ? `[${host}]` : host;
      resolve({
        host,
        port: bound,
        url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
        close: (graceMs = 1000) => close(http, graceMs),
      });
    });
  });
}

const LIMITS = { requestTimeout: 60_000, maxHeaderSize: 16_384, keepAliveTimeout: 10_000 };

function adapted(
  server: Pick<Server, 'fetch'>,
  tls: ListenOptions['tls'],
  proxy: boolean,
  headersMs: number,
): HttpServer {
  // Node looks at its connections every 30 s if it isn't told.
  const limits = { ...LIMITS, headersTimeout: headersMs, connectionsCheckingInterval: headersMs };
  const common = {
    fetch: (request: Request, { incoming }: HttpBindings | Http2Bindings) =>
      server.fetch(request, peerOf(incoming, proxy)),
    overrideGlobalObjects: false,
  };
  if (tls === undefined) return createAdaptorServer({ ...common, serverOptions: limits }) as HttpServer;
  try {
    const serverOptions = { ...limits, cert: asPem(tls.cert), key: asPem(tls.key), minVersion: 'TLSv1.2' as const };
    return createAdaptorServer({ ...common, createServer: createTlsServer, serverOptions }) as unknown as HttpServer;
  } catch (cause) {
    throw new RepriseError('INVALID_INPUT', 'The certificate and its key can’t be used.', {
      cause,
      hint: 'Give both in PEM, and the key that belongs to the certificate.',
    });
  }
}

function asPem(value: string | Uint8Array): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value);
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
