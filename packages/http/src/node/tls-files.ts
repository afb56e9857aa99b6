import { readFileSync } from 'node:fs';
import { RepriseError } from '@reprise/core';
import type { ListenOptions } from './listen.ts';

/** The certificate and its key from their files; `undefined` where neither is named. INVALID_INPUT where one is missing or can't be read. */
export function tlsFiles(cert: string | undefined, key: string | undefined): ListenOptions['tls'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new RepriseError('INVALID_INPUT', 'TLS needs both, a certificate and its private key.');
  return { cert: read(cert), key: read(key) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RepriseError('INVALID_INPUT', `The file ${file} can't be read.`, { cause });
  }
}
