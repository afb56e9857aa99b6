import { context, trace } from '@opentelemetry/api';
import type { Context, Tracer, TracerProvider } from '@opentelemetry/api';
import type { Message, Session, Turn } from '@reprise/core';
import { TurnTrace } from './turn-trace.ts';

export interface TraceOptions {
  /** Default: the one that is registered with `@opentelemetry/api`. */
  readonly provider?: TracerProvider;
  /** Messages, and what goes into tools and comes out of them. Default false: spans then hold names, numbers and codes. */
  readonly content?: boolean;
}

/**
 * Spans of turns by OpenTelemetry's conventions for generative AI: for the `onTurn` of a server, or for turns of one's own. A turn that waits begins its
 * span when it runs; a message that becomes part of another turn has none. Sub-sessions have theirs below the span of the call that began them.
 */
export function traceTurns(options: TraceOptions = {}): (turn: Turn, session: Session) => void {
  const { provider = trace, content = false } = options;
  const tracer: Tracer = provider.getTracer('@reprise/http');
  const watch = (turn: Turn, session: Session, above: () => Context): void => {
    let spans: TurnTrace | undefined;
    let over = false;
    const said = (message: Message): void => spans?.said(message);
    const begin = (): void => {
      if (over || spans !== undefined) return;
      spans = new TurnTrace(tracer, above(), session, content);
      session.on('message', said);
    };
    turn.once('start', begin);
    // What goes on after a crash has begun before anybody could listen.
    if (session.recovering?.id === turn.id) begin();
    turn.once('joined', () => (over = true));
    turn.on('text', () => spans?.speaks());
    turn.on('reasoning', () => spans?.speaks());
    turn.on('reset', (chunk) => spans?.retries(chunk));
    turn.on('tool_call', (chunk) => spans?.calls(chunk));
    turn.on('tool_result', (chunk) => spans?.gives(chunk));
    turn.on('spawn', ({ call, turn: below, session: there }) => watch(below, there, () => spans?.in(call) ?? above()));
    turn.once('end', (outcome) => {
      over = true;
      session.off('message', said);
      spans?.ends(outcome);
    });
  };
  return (turn, session) => {
    const parent = context.active();
    watch(turn, session, () => parent);
  };
}
