import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface Cutter {
  readonly url: string;
  /** Connections that were cut so far. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** A way to a server on which each connection breaks once so many bytes of answers have come through; `undefined`: it holds. */
export async function cutter(
  target: string,
  bytesOf: (connection: number) => number | undefined,
  on = 0,
): Promise<Cutter> {
  const port = Number(new URL(target).port);
  const sockets = new Set<Socket>();
  let connections = 0;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    const limit = bytesOf((connections += 1));
    let seen = 0;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on('data', (data: Buffer) => {
      const left = limit === undefined ? data.length : Math.min(data.length, limit - seen);
      seen += data.length;
      client.write(data.subarray(0, left));
      if (limit === undefined || seen < limit) return;
      cuts += 1;
      // What was written arrives before the end.
      client.end(() => client.destroy());
      upstream.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(on, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get cuts() {
      return cuts;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
