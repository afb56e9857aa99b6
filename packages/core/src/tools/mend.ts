/** Deeper than this nobody means it, and a reader that calls itself must end. */
const DEPTH = 100;
const FENCE = /^\s*```(?:json)?\s*\n([^]*?)\n?\s*```\s*$/i;
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['True', true],
  ['False', false],
  ['None', null],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
]);

/**
 * The object that a model meant with a text that is nearly JSON, where only one can be meant: in a code fence or a string, with commas or brackets
 * too many at an end, with single quotes, bare keys, Python's words, or line breaks within a text. Nothing that was opened is ever closed for it:
 * a text that ends too early may be one that was cut. `undefined` for anything else.
 */
export function mendedObject(text: string): Record<string, unknown> | undefined {
  const inner = FENCE.exec(text)?.[1] ?? text;
  try {
    const value = new Reader(inner).whole();
    if (typeof value === 'string') return mendedObject(value);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws where the text can't be read. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value(0);
    // A bracket too many changes nothing; a second value would.
    if (!/^[\s\]},;]*$/.test(this.#text.slice(this.#at))) throw new Error('more follows');
    return value;
  }

  #value(depth: number): unknown {
    if (depth > DEPTH) throw new Error('too deep');
    const next = this.#next();
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"' || next === "'") return this.#string(next);
    const word = this.#word(/[^\s,:\]}]*/y);
    if (WORDS.has(word)) return WORDS.get(word);
    // What JSON calls a number.
    const value: unknown = JSON.parse(word);
    if (typeof value !== 'number') throw new Error('no value');
    return value;
  }

  #object(depth: number): unknown {
    this.#at += 1;
    const entries: [string, unknown][] = [];
    for (;;) {
      const next = this.#next();
      if (next === '}') break;
      const key = next === '"' || next === "'" ? this.#string(next) : this.#word(/[A-Za-z_$][\w$]*/y);
      if (key === '' && next !== '"' && next !== "'") throw new Error('no key');
      // Which of the two is meant?
      if (entries.some(([known]) => known === key)) throw new Error('a key twice');
      this.#expect(':');
      entries.push([key, this.#value(depth + 1)]);
      if (!this.#comma('}')) break;
    }
    this.#expect('}');
    return Object.fromEntries(entries);
  }

  #array(depth: number): unknown {
    this.#at += 1;
    const items: unknown[] = [];
    while (this.#next() !== ']') {
      items.push(this.#value(depth + 1));
      if (!this.#comma(']')) break;
    }
    this.#expect(']');
    return items;
  }

  /** True where a comma was read. There must be one, or the end. */
  #comma(end: string): boolean {
    const next = this.#next();
    if (next === ',') this.#at += 1;
    else if (next !== end) throw new Error('no comma');
    return next === ',';
  }

  #string(quote: string): string {
    let text = '';
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text[this.#at] as string;
      if (character === quote) {
        this.#at += 1;
        return text;
      }
      text += character === '\\' ? this.#escape() : character;
    }
    throw new Error('a text that does not end');
  }

  /** Leaves the last character of the escape to be passed over. */
  #escape(): string {
    const character = this.#text[(this.#at += 1)];
    if (character === 'u') {
      const hex = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[\da-f]{4}$/i.test(hex)) throw new Error('a bad escape');
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const meant = ESCAPES.get(character ?? '') ?? (/["'\\/]/.test(character ?? '') ? character : undefined);
    // A backslash before anything else may be meant, or not.
    if (meant === undefined) throw new Error('a bad escape');
    return meant;
  }

  #word(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const word = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += word.length;
    return word;
  }

  #expect(character: string): void {
    if (this.#next() !== character) throw new Error(`no ${character}`);
    this.#at += 1;
  }

  /** The next character that is no space, without taking it. */
  #next(): string | undefined {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text[this.#at];
  }
}
