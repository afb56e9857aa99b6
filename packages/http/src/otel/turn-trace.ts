import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span, Tracer } from '@opentelemetry/api';
import type { ChunkOf, Message, Outcome, Session } from '@reprise/core';
import { messagesText, modelAttributes, reasonAttributes, usageAttributes } from './attributes.ts';

/** Where the conventions know no better word. */
const OTHER = '_OTHER';

/** One turn's spans: the turn, in it each model call one after the other, and each tool call. */
export class TurnTrace {
  readonly #tracer: Tracer;
  readonly #session: Session;
  readonly #content: boolean;
  readonly #turn: Span;
  readonly #inTurn: Context;
  #model: Span | undefined;
  /** The model that answers in place of the session's for the rest of the turn. */
  #fallback: string | undefined;
  /** By call. */
  readonly #tools = new Map<string, Span>();

  constructor(tracer: Tracer, parent: Context, session: Session, content: boolean) {
    this.#tracer = tracer;
    this.#session = session;
    this.#content = content;
    const attributes = this.#attributes('invoke_agent', { 'gen_ai.agent.name': 'reprise', ...this.#named() });
    this.#turn = tracer.startSpan('invoke_agent reprise', { kind: SpanKind.INTERNAL, attributes }, parent);
    this.#inTurn = trace.setSpan(parent, this.#turn);
    this.#asks();
  }

  #attributes(operation: string, more: Attributes): Attributes {
    return { 'gen_ai.operation.name': operation, 'gen_ai.conversation.id': this.#session.id, ...more };
  }

  #named(): Attributes {
    return modelAttributes(this.#fallback ?? this.#session.state.model);
  }

  /** The model is asked, from `startTime` on (default: now). */
  #asks(startTime?: number, failed = OTHER): void {
    this.#endModel(failed);
    const named = this.#named();
    this.#model = this.#tracer.startSpan(
      `chat ${String(named['gen_ai.request.model'])}`,
      {
        kind: SpanKind.CLIENT,
        attributes: this.#attributes('chat', named),
        ...(startTime !== undefined && { startTime }),
      },
      this.#inTurn,
    );
  }

  /** What was said is stored. An answer ends its model call; the next one begins with the results of its tools. */
  said(message: Message): void {
    if (message.role !== 'assistant') {
      if (this.#content && message.role === 'user')
        this.#turn.setAttribute('gen_ai.input.messages', messagesText(message));
      return;
    }
    const { usage, finishReason } = message;
    this.#model?.setAttributes({
      ...(usage && usageAttributes(usage)),
      ...(finishReason && reasonAttributes(finishReason)),
      ...(this.#content && { 'gen_ai.output.messages': messagesText(message) }),
    });
    // An answer that was cut short ends with its turn, which knows the code.
    if (finishReason !== 'interrupted' && finishReason !== 'error') this.#endModel();
  }

  retries({ reason, code, waitMs = 0, model }: ChunkOf<'reset'>): void {
    if (reason !== 'retry') return;
    this.#fallback = model ?? this.#fallback;
    this.#asks(Date.now() + waitMs, code);
  }

  /** The model speaks: it was asked, by what no other event told. */
  speaks(): void {
    if (this.#model === undefined) this.#asks();
  }

  calls({ id, tool, params }: ChunkOf<'tool_call'>): void {
    const attributes = this.#attributes('execute_tool', {
      'gen_ai.tool.name': tool,
      'gen_ai.tool.call.id': id,
      'gen_ai.tool.type': 'function',
      ...(this.#content && { 'gen_ai.tool.call.arguments': JSON.stringify(params) }),
    });
    const span = this.#tracer.startSpan(`execute_tool ${tool}`, { kind: SpanKind.INTERNAL, attributes }, this.#inTurn);
    this.#tools.set(id, span);
  }

  gives({ id, result, error }: ChunkOf<'tool_result'>): void {
    const span = this.#tools.get(id);
    if (span === undefined) return;
    this.#tools.delete(id);
    if (this.#content) span.setAttribute('gen_ai.tool.call.result', JSON.stringify(error ?? result ?? null));
    if (error !== undefined) failed(span, 'TOOL_ERROR');
    span.end();
    if (this.#tools.size === 0) this.#asks();
  }

  /** Where the spans of what a call begins belong. */
  in(call: string): Context {
    const span = this.#tools.get(call);
    return span === undefined ? this.#inTurn : trace.setSpan(this.#inTurn, span);
  }

  ends({ status, error, usage, finishReason }: Outcome): void {
    const code = status === 'done' ? undefined : (error?.code ?? OTHER);
    for (const span of this.#tools.values()) {
      failed(span, code ?? OTHER);
      span.end();
    }
    this.#tools.clear();
    this.#endModel(code);
    this.#turn.setAttributes({ ...usageAttributes(usage), ...reasonAttributes(finishReason) });
    if (code !== undefined) failed(this.#turn, code);
    this.#turn.end();
  }

  #endModel(code?: string): void {
    if (this.#model === undefined) return;
    if (code !== undefined) failed(this.#model, code);
    this.#model.end();
    this.#model = undefined;
  }
}

/** Codes alone: a message may hold what was said. */
function failed(span: Span, code: string): void {
  span.setAttribute('error.type', code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
