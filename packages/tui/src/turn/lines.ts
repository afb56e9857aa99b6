import type { ChunkOf } from '@reprise/core';

const WIDTH = 160;
/** What tells calls of the common tools apart, in the order of preference. */
const TELLING = ['command', 'path', 'file', 'filePath', 'file_path', 'pattern', 'query', 'url'];

/** One line for a call: its tool and what it is about. */
export function callLine({ tool, params }: Pick<ChunkOf<'tool_call'>, 'tool' | 'params'>): string {
  const told = TELLING.map((name) => params[name]).filter((value) => typeof value === 'string');
  const about = told.length > 0 ? told.join(' ') : JSON.stringify(params);
  return `→ ${tool} ${brief(about)}`;
}

/** One line for its result: the failure, or how much came back. */
export function resultLine({ result, error }: Pick<ChunkOf<'tool_result'>, 'result' | 'error'>): string {
  if (error !== undefined) return `  ✗ ${brief(error)}`;
  const fields = Object(result) as Readonly<Record<string, unknown>>;
  const text = (typeof fields['output'] === 'string' ? fields['output'] : asText(result)).trimEnd();
  const cut = endedEarly(fields);
  if (cut !== undefined) return `  ✗ ${cut}${text === '' ? '' : `: ${brief(text.split('\n').at(-1) ?? '')}`}`;
  const lines = text === '' ? 0 : text.split('\n').length;
  return lines > 1 ? `  ✓ ${lines} lines` : `  ✓ ${brief(text) || 'done'}`;
}

/** What a command's result says of its end, as the usual names of fields tell; `undefined` where it ended well. */
function endedEarly({ aborted, timedOut, signal, exitCode }: Readonly<Record<string, unknown>>): string | undefined {
  if (aborted === true) return 'cancelled';
  if (typeof timedOut === 'number') return `ended at its time limit of ${timedOut} ms`;
  if (typeof signal === 'string') return `ended by ${signal}`;
  return typeof exitCode === 'number' && exitCode !== 0 ? `exit code ${exitCode}` : undefined;
}

/** A result as text: as it is, or as JSON. */
export function asText(result: unknown, indent?: number): string {
  return typeof result === 'string' ? result : (JSON.stringify(result, null, indent) ?? '');
}

export function brief(text: string, width: number = WIDTH): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
