import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { CassetteRequest } from './format.ts';
import { toJson } from './json.ts';

/** The request as it is recorded and compared. Headers are left out: they hold keys. */
export function requestOf(options: LanguageModelV4CallOptions): CassetteRequest {
  const { abortSignal: _signal, headers: _headers, includeRawChunks: _raw, ...sent } = options;
  return toJson(sent) as CassetteRequest;
}

/** Where two values of `toJson` differ first, for people. */
export interface Difference {
  /** `prompt[2].content[0].text`. */
  readonly path: string;
  readonly recorded: unknown;
  readonly found: unknown;
}

export function firstDifference(recorded: unknown, found: unknown, path = ''): Difference | undefined {
  if (Object.is(recorded, found)) return undefined;
  const [a, b] = [recorded, found];
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
      const inner = firstDifference(a[i], b[i], `${path}[${i}]`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  if (isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    for (const key of keys) {
      const inner = firstDifference(a[key], b[key], path === '' ? key : `${path}.${key}`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  return { path, recorded, found };
}

/** Characters of a value that a message shows. */
const SHOWN = 120;

/** "prompt[1].content[0].text: "foo" on the cassette, "bar" now". */
export function told({ path, recorded, found }: Difference): string {
  const from = typeof recorded === 'string' && typeof found === 'string' ? divergence(recorded, found) : 0;
  return `${path || 'the whole'}: ${excerpt(recorded, from)} on the cassette, ${excerpt(found, from)} now`;
}

function divergence(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  // Some of what is equal, for the reader's bearings.
  return at < SHOWN / 2 ? 0 : at - SHOWN / 4;
}

function excerpt(value: unknown, from: number): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string') {
    const text = JSON.stringify(value);
    return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  }
  const piece = value.slice(from, from + SHOWN);
  return JSON.stringify(`${from > 0 ? '…' : ''}${piece}${value.length > from + SHOWN ? '…' : ''}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
