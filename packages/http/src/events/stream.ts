import type { Clock } from '@reprise/core';
import { problemOf } from '../problem.ts';

export interface SseEvent {
  readonly id?: string;
  /** Absent: a plain message, as the AI SDK's clients read them. */
  readonly event?: string;
  readonly data: unknown;
}

export interface StreamFacts {
  readonly clock: Clock;
  readonly heartbeatMs: number;
  readonly stalledMs: number;
  /** Ends the stream, and whatever feeds it. */
  readonly stop: AbortController;
  /** Called once when the stream is over, however it ends. */
  readonly over: () => void;
}

const HEAD = 'retry: 1000\n\n';
const BEAT = ': alive\n\n';

/**
 * Server-sent events of `source`, one by one as the reader takes them: nothing is buffered but what the connection holds, and a reader who takes
 * nothing for `stalledMs` is let go. A failure of the source is the last event, `error`, with problem details.
 */
export function eventStream(source: AsyncIterable<SseEvent>, facts: StreamFacts): Response {
  const { clock, heartbeatMs, stalledMs, stop } = facts;
  const events = source[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let done = false;
  let cancelTimer = (): void => undefined;
  const end = (): void => {
    if (done) return;
    done = true;
    cancelTimer();
    // With a reason, or one is made with a whole stack.
    stop.abort('The stream is over.');
    void events.return?.().catch(() => undefined);
    facts.over();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(HEAD));
        let unread = 0;
        const beat = (): void => {
          cancelTimer = clock.timer(
            heartbeatMs,
            () => {
              if (done) return;
              if ((controller.desiredSize ?? 0) > 0) {
                unread = 0;
                controller.enqueue(encoder.encode(BEAT));
              } else if ((unread += heartbeatMs) >= stalledMs) {
                end();
                return controller.error(new Error('Nobody read the stream.'));
              }
              beat();
            },
            { unref: true },
          );
        };
        beat();
        stop.signal.addEventListener(
          'abort',
          () => {
            if (done) return;
            end();
            controller.close();
          },
          { once: true },
        );
      },
      async pull(controller) {
        try {
          const { done: last, value } = await events.next();
          if (done) return;
          if (!last) return controller.enqueue(encoder.encode(eventText(value)));
          end();
          controller.close();
        } catch (error) {
          if (done) return;
          end();
          controller.enqueue(encoder.encode(eventText({ event: 'error', data: problemOf(error) })));
          controller.close();
        }
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    },
  });
}

/** JSON holds no raw line break, so the data is one line. */
function eventText({ id, event, data }: SseEvent): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${head}${name}data: ${JSON.stringify(data)}\n\n`;
}
