import { RepriseError } from '@reprise/core';
import { recordCassette } from '@reprise/core/cassette';
import type { CassetteRecorder } from '@reprise/core/cassette';
import type { Io } from '@reprise/tui';

/** What a cassette begins with. */
const BEGINNING = '{"cassette":';
/** Variables whose values nobody wants in a file. */
const SECRET = /KEY|TOKEN|SECRET|PASSWORD/i;

/** A recorder that appends to a file, for its owner alone. INVALID_INPUT for a file that holds something else. */
export function recordTo(name: string, { cwd, env, err }: Io): CassetteRecorder {
  const fs = process.getBuiltinModule('node:fs');
  const file = process.getBuiltinModule('node:path').resolve(cwd, name);
  const append = (text: string): void => fs.appendFileSync(file, text, { mode: 0o600 });
  try {
    const { begin, end } = edgesOf(file);
    if (begin !== '' && begin !== BEGINNING) throw noCassette(name);
    // A process that was killed may have left half a line.
    append(begin === '' || end === '\n' ? '' : '\n');
  } catch (cause) {
    if (cause instanceof RepriseError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError('INVALID_INPUT', `--record can not write ${name}: ${reason}`, { cause });
  }
  return recordCassette(append, {
    secrets: Object.entries(env).flatMap(([variable, value]) => (value && SECRET.test(variable) ? [value] : [])),
    report: (error) => err.write(`reprise: the recording stopped: ${String(error)}\n`, 'yellow'),
  });
}

/** What a file begins and ends with, however large it is; nothing where it is not there. */
function edgesOf(file: string): { readonly begin: string; readonly end: string } {
  const fs = process.getBuiltinModule('node:fs');
  if (!fs.existsSync(file)) return { begin: '', end: '' };
  const descriptor = fs.openSync(file, 'r');
  try {
    const read = (length: number, at: number): string => {
      const bytes = new Uint8Array(length);
      return new TextDecoder().decode(bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, at)));
    };
    const { size } = fs.fstatSync(descriptor);
    return { begin: read(BEGINNING.length, 0), end: size === 0 ? '' : read(1, size - 1) };
  } finally {
    fs.closeSync(descriptor);
  }
}

function noCassette(name: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `${name} is there and is no cassette; it stays as it is.`, {
    hint: 'Name a new file for --record, or a cassette to go on with.',
  });
}
