import type { Environment } from '../options.ts';

const SECRET_NAME = /KEY|TOKEN|SECRET|PASSWORD/i;
/** Shorter values are words that occur by chance. */
const SHORTEST = 8;

/** A value to hide and what stands in its place. */
export interface Secret {
  readonly value: string;
  readonly shown: string;
}

/**
 * The values to hide: of variables whose name holds KEY, TOKEN, SECRET or PASSWORD, and `more`. A value of several
 * lines (a private key) counts line by line, so that no tool that prints lines can show a part of it.
 */
export function knownSecrets(environments: readonly Environment[], more: readonly string[] = []): Secret[] {
  const found = new Map<string, string>();
  const add = (text: string, shown: string): void => {
    for (const line of text.split(/[\r\n]+/)) {
      const value = line.trim();
      if (value.length >= SHORTEST && !value.startsWith('-----') && !found.has(value)) found.set(value, shown);
    }
  };
  for (const environment of environments)
    for (const [name, value] of Object.entries(environment))
      if (value !== undefined && SECRET_NAME.test(name)) add(value, `[secret ${name}]`);
  for (const value of more) add(value, '[secret]');
  return [...found].map(([value, shown]) => ({ value, shown })).sort((a, b) => b.value.length - a.value.length);
}

/** Replaces secrets in a text that comes in pieces; what may be the start of a secret is held back until it is known. */
export class Redactor {
  readonly #shown = new Map<string, string>();
  readonly #values: readonly string[];
  readonly #pattern: RegExp | undefined;
  readonly #starts: ReadonlySet<string>;
  #held = '';

  constructor(secrets: readonly Secret[]) {
    for (const { value, shown } of secrets) this.#shown.set(value, shown);
    this.#values = secrets.map(({ value }) => value);
    // Longest first, so that a secret which begins with another one is replaced whole.
    this.#pattern = this.#values.length === 0 ? undefined : new RegExp(this.#values.map(escape).join('|'), 'g');
    this.#starts = new Set(this.#values.map((value) => value.charAt(0)));
  }

  /** What can be shown now. */
  push(text: string): string {
    if (this.#pattern === undefined) return text;
    const all = this.#held + text;
    return this.#cut(all, all.length - this.#tail(all));
  }

  /** The rest. */
  end(): string {
    const rest = this.#held;
    return this.#pattern === undefined ? rest : this.#cut(rest, rest.length);
  }

  /** Characters of the longest secret; at least 1. */
  get longest(): number {
    return this.#values[0]?.length ?? 1;
  }

  /** Nothing is held back, and a text that ends so would leave nothing held back: only whole secrets in it matter. */
  clear(end: string): boolean {
    return this.#held === '' && this.#tail(end) === 0;
  }

  /** A whole text at once. */
  whole(text: string): string {
    return this.push(text) + this.end();
  }

  /** Shows `text` up to `limit`, or up to the end of the secret that lies across it, and holds the rest. */
  #cut(text: string, limit: number): string {
    const pattern = this.#pattern as RegExp;
    let out = '';
    let at = 0;
    let end = limit;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null && match.index < limit; match = pattern.exec(text)) {
      out += text.slice(at, match.index) + (this.#shown.get(match[0]) ?? '');
      at = pattern.lastIndex;
      end = Math.max(end, at);
    }
    this.#held = text.slice(end);
    return out + text.slice(at, end);
  }

  /** Length of the longest end of `text` that begins a secret without being one. */
  #tail(text: string): number {
    const longest = Math.min(text.length, (this.#values[0]?.length ?? 1) - 1);
    for (let length = longest; length > 0; length--) {
      const start = text.length - length;
      if (!this.#starts.has(text.charAt(start))) continue;
      const end = text.slice(start);
      if (this.#values.some((value) => value.length > length && value.startsWith(end))) return length;
    }
    return 0;
  }
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
