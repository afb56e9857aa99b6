import type { SessionsConfig } from '../contracts/session.ts';

const PREFIX = { session: '', message: 'msg_', turn: 'turn_', call: 'call_', ask: 'ask_' } as const;
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Time first (base 36 milliseconds), so that ids sort by age and folders list in order; then 62 random bits. */
export function makeIds(now: () => number): NonNullable<SessionsConfig['ids']> {
  return (kind) => `${PREFIX[kind]}${now().toString(36).padStart(9, '0')}${random(12)}`;
}

function random(length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  let text = '';
  // 256 is no multiple of 36; the skew costs a fraction of a bit, and these are names, not secrets.
  for (const byte of bytes) text += ALPHABET[byte % 36];
  return text;
}
