import type { Access } from '../contracts/tool.ts';

/** What an answer holds for. */
export interface Subject {
  readonly tool: string;
  /** Checked, as the tool gets it. */
  readonly input: unknown;
  /** As the model wrote it. */
  readonly params: unknown;
  readonly cwd: string;
  /** What the person is shown that it touches. */
  readonly access: Access;
}

/** SHA-256 over the tool, the directory, the exact input and what it touches: whatever differs in what would happen gives another one. */
export function fingerprintOfCall({ tool, input, params, cwd, access }: Subject): Promise<string> {
  return digest(['call', tool, exactly(input, params), cwd, { ...access }]);
}

export function fingerprintOfQuestion(call: string, text: string, choices: readonly string[] = []): Promise<string> {
  return digest(['question', call, text, choices]);
}

/** A schema may make of the arguments what JSON can't tell apart (a Map, a class); then the arguments stand for it. */
function exactly(input: unknown, params: unknown): string {
  try {
    return canonicalJson(input);
  } catch {
    return `of ${canonicalJson(params)}`;
  }
}

async function digest(value: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(value));
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with sorted keys: the same text for the same value, and another one for any other. Throws for what is no JSON. */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value);
      break;
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
      const proto: unknown = Object.getPrototypeOf(value);
      if (proto !== Object.prototype && proto !== null) break;
      const fields = Object.entries(value).filter(([, field]) => field !== undefined);
      fields.sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
    }
    default:
  }
  throw new TypeError(`${Object.prototype.toString.call(value)} is no JSON`);
}
