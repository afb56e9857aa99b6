import type { ToolContext } from '@reprise/core';

const EVERY_MS = 100;
const MAX_TEXT = 4_000;

/** Passes live text on, at most ten times a second and 4,000 characters each: the newest. */
export class Progress {
  readonly #context: ToolContext;
  #text = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(context: ToolContext) {
    this.#context = context;
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#text = (this.#text + bytes.toString('utf8', Math.max(0, bytes.length - MAX_TEXT))).slice(-MAX_TEXT);
    this.#timer ??= setTimeout(() => this.#send(), EVERY_MS).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #send(): void {
    const text = this.#text.toWellFormed();
    this.#text = '';
    this.#timer = undefined;
    try {
      this.#context.progress({ text });
    } catch {
      // A listener's failure is not the command's.
    }
  }
}
