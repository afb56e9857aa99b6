import type { SessionsConfig } from '../contracts/config.ts';

const PREFIX = { session: '', message: 'msg_', turn: 'turn_', call: 'call_', ask: 'ask_' } as const;
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** Time first (base 36 milliseconds), so that ids sort by age and folders list in order; then 62 random bits. */
export function makeIds(now: () => number): NonNullable<SessionsConfig['ids']> {
  const random = randomText();
  return (kind) => `${PREFIX[kind]}${now().toString(36).padStart(9, '0')}${random(12)}`;
}

/** Draws for many ids at once: a draw costs as much as the rest of a dozen. No letter is given twice. */
function randomText(): (length: number) => string {
  const bytes = new Uint8Array(768);
  let used = bytes.length;
  return (length) => {
    if (used + length > bytes.length) {
      crypto.getRandomValues(bytes);
      used = 0;
    }
    let text = '';
    // 256 is no multiple of 36; the skew costs a fraction of a bit, and these are names, not secrets.
    for (const byte of bytes.subarray(used, used + length)) text += ALPHABET[byte % 36];
    used += length;
    return text;
  };
}
