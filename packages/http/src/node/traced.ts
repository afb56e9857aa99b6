import { RepriseError } from '@reprise/core';
import type { TracerProvider } from '@opentelemetry/api';
import type { ServerOptions } from '../options.ts';

/** Where every copy of `@opentelemetry/api` of the major version 1 finds what an SDK has registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');
/** What is on its way at the end may take so long. */
const FLUSH_MS = 2000;

interface Registered extends TracerProvider {
  getDelegate?(): TracerProvider & { forceFlush?(): Promise<void> };
}

export interface Traced {
  readonly onTurn: NonNullable<ServerOptions['onTurn']>;
  /** Before the process ends: what an SDK has collected and not sent. Never rejects, and takes 2 s at most. */
  flush(): Promise<void>;
}

/**
 * Traces for a program, by the OpenTelemetry SDK that was set up in this process before (`node --import ./otel.mjs`), whichever copy of the API it brought.
 * `content`: with what was said. INVALID_INPUT where there is no SDK, or no `@opentelemetry/api` beside this package.
 */
export async function traced({ content = false }: { readonly content?: boolean } = {}): Promise<Traced> {
  const { trace: provider } = (Reflect.get(globalThis, REGISTERED) ?? {}) as { readonly trace?: Registered };
  if (provider === undefined) throw unavailable('No OpenTelemetry SDK is set up in this process.');
  const { traceTurns } = await import('../otel/index.ts').catch((cause: unknown) => {
    throw unavailable('The package @opentelemetry/api is not installed beside this program.', cause);
  });
  return {
    onTurn: traceTurns({ provider, content }),
    async flush() {
      const delegate = provider.getDelegate?.() ?? (provider as ReturnType<NonNullable<Registered['getDelegate']>>);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
      await Promise.race([delegate.forceFlush?.().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

function unavailable(message: string, cause?: unknown): RepriseError {
  return new RepriseError('INVALID_INPUT', `Traces are asked for. ${message}`, {
    cause,
    hint:
      'Install @opentelemetry/api and an SDK (@opentelemetry/sdk-node), set that up in a module of your own, and start with it: ' +
      'NODE_OPTIONS="--import /path/to/otel.mjs"',
  });
}
