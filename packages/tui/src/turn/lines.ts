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
  const output: unknown = Object(result).output;
  const text = (typeof output === 'string' ? output : asText(result)).trimEnd();
  const lines = text === '' ? 0 : text.split('\n').length;
  return lines > 1 ? `  ✓ ${lines} lines` : `  ✓ ${brief(text) || 'done'}`;
}

/** A result as text: as it is, or as JSON. */
export function asText(result: unknown, indent?: number): string {
  return typeof result === 'string' ? result : (JSON.stringify(result, null, indent) ?? '');
}

export function brief(text: string, width: number = WIDTH): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
