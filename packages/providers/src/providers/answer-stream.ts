import { RepriseError } from '@reprise/core';

/** After the terminal event the server gets so long to close the connection by itself. */
const LINGER_MS = 1000;

/** An event is one line; the largest hold a picture. Without a limit one line without an end would fill the memory. */
const LONGEST_LINE = 64 * 1_048_576;

type Bytes = Uint8Array<ArrayBuffer>;

export interface Ending {
  /** Gets each `data:` line without that word. */
  readonly isTerminal?: (data: string) => boolean;
  readonly lingerMs?: number;
  readonly longestLine?: number;
}

/** What was read before it was known what the answer is. */
export type First = { readonly done: boolean; readonly value?: Bytes | undefined } | { readonly error: unknown };

/**
 * An event stream that ends with its terminal event, also where the server or a proxy holds the connection open after it, or breaks it. Why:
 * the AI SDK tells of an answer's end when the connection ends, and a whole answer would be taken for a broken one. A line of more than
 * 64 MiB is an error.
 */
export function answerStream(
  reader: ReadableStreamDefaultReader<Bytes>,
  first: First,
  { isTerminal, lingerMs = LINGER_MS, longestLine = LONGEST_LINE }: Ending = {},
): ReadableStream<Bytes> {
  const decoder = new TextDecoder();
  let ahead: First | undefined = first;
  let line = '';
  let length = 0;
  let late: Promise<undefined> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (bytes: Bytes): void => {
    const lines = (line + decoder.decode(bytes, { stream: true })).split('\n');
    line = lines.pop() ?? '';
    if (isTerminal && lines.some((one) => one.startsWith('data:') && isTerminal(one.slice(5))))
      late = new Promise((resolve) => (timer = setTimeout(resolve, lingerMs, undefined)));
  };
  const measure = (bytes: Bytes): void => {
    const end = bytes.lastIndexOf(10);
    length = end === -1 ? length + bytes.byteLength : bytes.byteLength - end - 1;
    if (length <= longestLine) return;
    reader.cancel().catch(() => undefined);
    throw new RepriseError('PROVIDER', `One event of the answer is longer than ${longestLine} bytes.`);
  };
  const read = async (): Promise<{ readonly done: boolean; readonly value?: Bytes | undefined } | undefined> => {
    if (ahead !== undefined) {
      const before = ahead;
      ahead = undefined;
      if ('error' in before) throw before.error;
      return before;
    }
    // What breaks after the end breaks nothing.
    return late === undefined ? reader.read() : Promise.race([reader.read().catch(() => undefined), late]);
  };
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const next = await read();
        if (next === undefined || next.done || next.value === undefined) {
          clearTimeout(timer);
          controller.close();
          if (next === undefined) reader.cancel().catch(() => undefined);
          return;
        }
        measure(next.value);
        if (isTerminal && late === undefined) look(next.value);
        controller.enqueue(next.value);
      },
      cancel(reason) {
        clearTimeout(timer);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
