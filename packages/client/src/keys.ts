/**
 * Fresh idempotency keys: UUIDs with the time in front (version 7, RFC 9562), so that the ids of sessions that a server makes for them sort by age.
 * `now`: milliseconds since 1970.
 */
export function makeKeys(now: () => number): () => string {
  return () => {
    const time = Math.trunc(now()).toString(16).padStart(12, '0');
    // Behind the version, random is random.
    return `${time.slice(0, 8)}-${time.slice(8)}-7${globalThis.crypto.randomUUID().slice(15)}`;
  };
}
