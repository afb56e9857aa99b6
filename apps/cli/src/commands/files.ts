import { RepriseError } from '@reprise/core';
import type { AttachmentInput, TurnOptions } from '@reprise/core';
import type { Io } from '@reprise/tui';

/** Nothing larger is sent to any model. */
const MOST = 33_554_432;

/** The files of `--attach`, read; what they are is told from their bytes. */
export function filesOf(paths: readonly string[], { cwd }: Io): AttachmentInput[] {
  return paths.map((path) => ({ data: bytesOf('--attach', path, cwd), name: nameOf(path) }));
}

/** INVALID_INPUT, naming the option, for what is no file or can't be read. */
function bytesOf(option: string, path: string, cwd: string): Uint8Array {
  const fs = process.getBuiltinModule('node:fs');
  const whole = process.getBuiltinModule('node:path').resolve(cwd, path);
  try {
    const stat = fs.statSync(whole);
    if (!stat.isFile()) throw new Error('it is no file');
    if (stat.size > MOST) throw new Error(`it has ${stat.size} bytes, and at most ${MOST} can be sent`);
    return new Uint8Array(fs.readFileSync(whole));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RepriseError('INVALID_INPUT', `${option} ${path}: ${why}`, { cause: error });
  }
}

function nameOf(path: string): string {
  return process.getBuiltinModule('node:path').basename(path);
}

/** What `--output-schema` asks for. INVALID_INPUT where the file holds no JSON object. */
export function outputOf(path: string | undefined, { cwd }: Io): Pick<TurnOptions, 'output'> {
  if (path === undefined) return {};
  const text = new TextDecoder().decode(bytesOf('--output-schema', path, cwd));
  try {
    const schema: unknown = JSON.parse(text);
    if (typeof schema === 'object' && schema !== null) return { output: schema };
  } catch {
    // Told below.
  }
  throw new RepriseError('INVALID_INPUT', `--output-schema ${path}: it holds no JSON schema`);
}
