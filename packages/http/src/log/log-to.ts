import { isCoded } from '@reprise/core';
import type { ErrorCode } from '@reprise/core';
import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import type { RequestEntry } from '../call.ts';

/** Whose words may be a provider's, a tool's or a person's. */
const OTHERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'INTERNAL',
  'TOOL_ERROR',
  'PROVIDER',
  'AUTH',
  'CONTENT_FILTER',
]);
const NAMES = ['authorization', 'token', 'tokens', 'key', 'apiKey', 'secret', 'password', 'content', 'text', 'message'];

/** Requests (for `audit`) and errors (for `report`) as lines of JSON, without tokens and without anything that was said. */
export function logTo(destination: DestinationStream): {
  readonly audit: (entry: RequestEntry) => void;
  readonly report: (error: unknown) => void;
} {
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // Entries hold nothing of these; should one ever, it stays out.
      redact: { paths: NAMES.flatMap((name) => [`request.${name}`, `request.*.${name}`]), remove: true },
    },
    destination,
  );
  return {
    audit({ at: _, token: who, ...request }) {
      const level = request.status >= 500 ? 'error' : 'info';
      logger[level]({ ...(who !== undefined && { who }), request }, 'request');
    },
    report: (error) => logger.error({ error: facts(error) }, 'error'),
  };
}

/** Of an error of somebody else only what it is and where it was thrown. */
function facts(error: unknown): object {
  const code = isCoded(error) ? error.code : undefined;
  const { name, stack } = error instanceof Error ? error : new Error();
  const told = error instanceof Error && code !== undefined && !OTHERS.has(code) ? { text: error.message } : {};
  const where = stack
    ?.split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, 8);
  return { name, ...(code !== undefined && { code }), ...told, where };
}
