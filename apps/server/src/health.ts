import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServerOptions {
  /** Shown by the route; this package's own if absent. */
  readonly version?: string;
}

export interface HealthServer {
  /**
   * Starts to listen on 127.0.0.1, never on another interface. `port` 0 (as if absent) takes a free one. Rejects with
   * Node's own error (EADDRINUSE, EACCES) where the port cannot be had.
   */
  listen(port?: number): Promise<{ readonly port: number; readonly url: string }>;
  /** Ends every connection and resolves when the port is free. Closing twice, or before listening, is no error. */
  close(): Promise<void>;
}

/** Names under which a browser on this machine may reach it; anything else in `Host` is a rebound domain name. */
const LOCAL_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * A server that says whether it is up: `GET /health` → 200 `{"status":"ok","version":"…"}`. Everything else is 404, and
 * a request whose `Host` is not this machine is 403, both as problem details (RFC 9457).
 */
export function createHealthServer(options: HealthServerOptions = {}): HealthServer {
  const version = options.version ?? ownVersion();
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 8 * 1024 },
    (request, response) => {
      answer(request, response, version);
    },
  );
  server.maxConnections = 256;

  return {
    listen: (port = 0) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port, host: '127.0.0.1' }, () => {
          server.off('error', reject);
          const bound = (server.address() as AddressInfo).port;
          resolve({ port: bound, url: `http://127.0.0.1:${bound}` });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, version: string): void {
  if (!isLocal(request.headers.host)) {
    problem(response, 403, 'Forbidden', 'The Host header does not name this machine.');
  } else if (isHealth(request)) {
    send(response, 200, 'application/json', { status: 'ok', version });
  } else {
    problem(response, 404, 'Not Found', 'There is only GET /health.');
  }
}

function isHealth({ method, url }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && url?.split('?', 1)[0] === '/health';
}

function isLocal(host: string | undefined): boolean {
  return host !== undefined && LOCAL_NAMES.has(host.replace(/:\d+$/, '').toLowerCase());
}

function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  // Whatever body came with the request is not read: the connection ends with the answer.
  response.setHeader('Connection', 'close');
  send(response, status, 'application/problem+json', { type: 'about:blank', status, title, detail });
}

function send(response: ServerResponse, status: number, type: string, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}

/** package.json lies one folder above both the sources and the build. */
function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return (manifest as { version: string }).version;
}
