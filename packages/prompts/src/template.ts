import { RepriseError } from '@reprise/core';

export type PromptValue = string | number | boolean | readonly (string | number | boolean)[];

/** What a template is made of. Every key but `role` becomes a line; unknown keys too. */
export interface PromptTemplateInput {
  /** Who the assistant is: `backend developer`, `a patient teacher`. */
  readonly role?: string;
  readonly language?: PromptValue;
  readonly framework?: PromptValue;
  readonly style?: PromptValue;
  readonly [key: string]: PromptValue | undefined;
}

/** A system prompt made from a few words. Give `render()` to a session as its `systemPrompt`. */
export class PromptTemplate {
  readonly #role: string;
  readonly #lines: readonly string[];

  private constructor(role: string, lines: readonly string[]) {
    this.#role = role;
    this.#lines = lines;
  }

  /**
   * The input is read once, here. INVALID_INPUT where it is no object, `role` is no text, or a value is neither text, a
   * finite number, a boolean, nor a list of these. `undefined` and blank values count as not given.
   */
  static create(input: PromptTemplateInput = {}): PromptTemplate {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) {
      throw invalid('PromptTemplate.create takes an object.');
    }
    let role = '';
    const lines: string[] = [];
    for (const [key, value] of Object.entries(input)) {
      if (value === undefined) continue;
      const text = asText(key, value);
      if (text === '') continue;
      if (key === 'role') role = text;
      else lines.push(`- ${label(key)}: ${text.replaceAll('\n', '\n  ')}`);
    }
    return new PromptTemplate(role, lines);
  }

  /** The prompt's text; never empty. The same input gives the same text, in the order of its keys. */
  render(): string {
    const opening = `You are ${this.#role === '' ? 'an expert coding assistant' : withArticle(this.#role)}. You help users write, understand, and debug code.`;
    if (this.#lines.length === 0) return opening;
    return `${opening}\n\nUnless the user says otherwise, work with:\n${this.#lines.join('\n')}`;
  }
}

function withArticle(role: string): string {
  if (/^(an?|the) /i.test(role)) return role;
  return /^expert\b/i.test(role) ? `an ${role}` : `an expert ${role}`;
}

/** `testFramework` and `test_framework` → `Test framework`. */
function label(key: string): string {
  const words = key
    .toWellFormed()
    .replace(/([a-z0-9])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`)
    .replace(/[_\s]+/g, ' ')
    .trim();
  return words === '' ? 'Note' : words.charAt(0).toUpperCase() + words.slice(1);
}

function asText(key: string, value: unknown): string {
  if (key === 'role' && typeof value !== 'string') throw invalid('`role` must be text.');
  if (Array.isArray(value)) {
    return value
      .map((item) => scalar(key, item))
      .filter((text) => text !== '')
      .join(', ');
  }
  return scalar(key, value);
}

function scalar(key: string, value: unknown): string {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\r\n', '\n').trim();
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw invalid(`\`${key}\` must be text, a finite number, a boolean, or a list of these.`);
}

function invalid(message: string): RepriseError {
  return new RepriseError('INVALID_INPUT', message, {
    hint: "For example: PromptTemplate.create({ role: 'backend developer', language: 'typescript' }).",
  });
}
