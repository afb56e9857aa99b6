import { readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ToolContext } from '@reprise/core';
import type { Settings } from '../options.ts';
import { openRead, place } from '../io/confine.ts';
import type { Place } from '../io/confine.ts';
import { fileError, stopIfAborted, toolError } from '../io/errors.ts';
import { MAX_BYTES, MAX_LINE, MAX_LINES } from '../io/limits.ts';
import { looksBinary, utf16 } from '../io/text.ts';
import type { ReadInput, ReadOutput } from '../tools/read.ts';
import { showPicture } from './picture.ts';
import { secretsOf, showLine } from './secrets.ts';
import type { Secret } from '../io/secrets.ts';

/** Files up to this size are read to the end, so that the number of lines can be told. */
const COUNTED_BYTES = 16 * 2 ** 20;
/** Bytes of a line that are kept: enough for the shown part and a secret across its end. */
const LINE_BYTES = 4 * (MAX_LINE + 4_096);
const CHUNK = 64 * 1024;
const NEWLINE = 10;

export async function runRead(input: ReadInput, context: ToolContext, settings: Settings): Promise<ReadOutput> {
  stopIfAborted(context.signal);
  const found = await place(input.path, context, settings, 'read');
  const handle = await openRead(found, settings);
  try {
    const facts = await handle.stat();
    if (facts.isDirectory()) return await readFolder(found, handle, input, secretsOf(settings));
    if (!facts.isFile())
      throw toolError(`${found.named} is a device, pipe or socket.`, 'Only files and folders can be read.');
    return await readFile(found, handle, facts.size, input, context, secretsOf(settings));
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? fileError(found.named, error) : error;
  } finally {
    await handle.close();
  }
}

async function readFolder(
  found: Place,
  handle: FileHandle,
  input: ReadInput,
  secrets: readonly Secret[],
): Promise<ReadOutput> {
  const path = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : found.real;
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries
    .map((entry) => entry.name + (entry.isDirectory() ? '/' : entry.isSymbolicLink() ? '@' : ''))
    .sort();
  const page = new Page(input.offset ?? 1, input.limit);
  for (const name of names) page.line(showLine(JSON.stringify(name).slice(1, -1), secrets), false);
  return page.result(found.named, names.length === 0 ? '(empty folder)' : undefined, true);
}

async function readFile(
  found: Place,
  handle: FileHandle,
  size: number,
  input: ReadInput,
  context: ToolContext,
  secrets: readonly Secret[],
): Promise<ReadOutput> {
  const start = Buffer.alloc(8_192);
  const { bytesRead } = await handle.read(start, 0, start.length, 0);
  const head = start.subarray(0, bytesRead);
  const encoding = utf16(head);
  if (encoding === undefined && looksBinary(head)) {
    const picture = await showPicture(found, handle, head, size, context);
    if (picture !== undefined) return picture;
    throw toolError(
      `${found.named} is a binary file (${size} bytes).`,
      'Look at it with bash, for example with file or xxd.',
    );
  }

  const page = new Page(input.offset ?? 1, input.limit);
  const lines = new LineCutter((bytes, length) => {
    if (!page.wants()) return page.skip();
    const text = bytes.toString('utf8').replace(/\r$/, '');
    page.line(showLine(text, secrets, Math.max(0, length - bytes.length)), true);
  });
  let ended = true;
  for await (const chunk of chunks(handle, encoding)) {
    stopIfAborted(context.signal);
    lines.push(chunk);
    if (page.full && size > COUNTED_BYTES) {
      ended = false;
      break;
    }
  }
  if (ended) lines.end();
  return page.result(found.named, page.total === 0 ? '(empty file)' : undefined, ended);
}

async function* chunks(handle: FileHandle, encoding: string | undefined): AsyncGenerator<Buffer> {
  const decoder = encoding === undefined ? undefined : new TextDecoder(encoding);
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) break;
    const bytes = buffer.subarray(0, bytesRead);
    if (decoder !== undefined) yield Buffer.from(decoder.decode(bytes, { stream: true }));
    else yield at === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
    at += bytesRead;
  }
}

/** Cuts bytes into lines and keeps a bounded part of each. */
class LineCutter {
  readonly #line: (bytes: Buffer, length: number) => void;
  #parts: Buffer[] = [];
  #kept = 0;
  #length = 0;

  constructor(line: (bytes: Buffer, length: number) => void) {
    this.#line = line;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  end(): void {
    if (this.#length > 0) this.#finish();
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#length += bytes.length;
    const kept = bytes.subarray(0, LINE_BYTES - this.#kept);
    if (kept.length === 0) return;
    // The chunk's memory is used again.
    this.#parts.push(Buffer.from(kept));
    this.#kept += kept.length;
  }

  #finish(): void {
    this.#line(Buffer.concat(this.#parts), this.#length);
    this.#parts = [];
    this.#kept = 0;
    this.#length = 0;
  }
}

/** The window that is shown: lines from `offset` on, up to the limits. */
class Page {
  readonly #offset: number;
  readonly #limit: number;
  readonly #lines: string[] = [];
  #bytes = 0;
  full = false;
  total = 0;

  constructor(offset: number, limit = MAX_LINES) {
    this.#offset = offset;
    this.#limit = Math.min(limit, MAX_LINES);
  }

  /** Whether the next line can still be shown. */
  wants(): boolean {
    return !this.full && this.total + 1 >= this.#offset;
  }

  skip(): void {
    this.total++;
  }

  line(text: string, numbered: boolean): void {
    if (!this.wants()) return this.skip();
    const shown = numbered ? `${String(this.total + 1).padStart(6)}\t${text}` : text;
    const bytes = Buffer.byteLength(shown) + 1;
    if (this.#lines.length === this.#limit || this.#bytes + bytes > MAX_BYTES) {
      this.full = true;
      return this.skip();
    }
    this.#lines.push(shown);
    this.#bytes += bytes;
    this.total++;
  }

  result(path: string, empty: string | undefined, ended: boolean): ReadOutput {
    if (empty === undefined && ended && this.#offset > this.total)
      throw toolError(`${path} has only ${this.total} lines.`, `Use an offset from 1 to ${this.total}.`);
    const next = this.#offset + this.#lines.length;
    return {
      output: empty ?? this.#lines.join('\n'),
      path,
      lines: this.#lines.length,
      ...(ended && { total: this.total }),
      ...((!ended || next <= this.total) && { nextOffset: next }),
    };
  }
}
