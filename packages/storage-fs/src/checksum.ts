let crc: ((bytes: Uint8Array | string, seed?: number) => number) | undefined;

/** The CRC-32 of `bytes` (of a text, as UTF-8) in 8 hexadecimal digits. */
export function checksumOf(bytes: Uint8Array | string): string {
  // Loaded at first use and without an ESM import, which would cost a start-up that needs no storage.
  crc ??= process.getBuiltinModule('node:zlib').crc32;
  return crc(bytes).toString(16).padStart(8, '0');
}
