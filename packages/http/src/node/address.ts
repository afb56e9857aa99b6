import type { Peer } from '../call.ts';

/** 127.0.0.0/8, ::1 and the name for them. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

interface Incoming {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Whom a request comes from. Behind a proxy that is what the proxy says of it: the last entry of X-Forwarded-For, for the client writes the others. */
export function peerOf({ headers, socket }: Incoming, proxy: boolean): Peer {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',').at(-1)?.trim();
  const address = proxy ? forwarded : socket.remoteAddress;
  return address === undefined || address === '' ? {} : { address: address.slice(0, 100) };
}
