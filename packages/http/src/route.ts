import type { ErrorCode } from '@reprise/core';
import type { z } from 'zod';
import type { Principal, Scope } from './options.ts';
import type { ServerContext } from './context.ts';

type Shape = z.ZodObject | undefined;
type Of<S> = S extends z.ZodType ? z.output<S> : undefined;

/** What an answer of a status holds. */
export interface Answer {
  readonly description: string;
  /** Of JSON. */
  readonly schema?: z.ZodType;
  /** Another type than JSON, such as `text/event-stream`, with what one event or the whole holds. */
  readonly stream?: { readonly type: string; readonly schema: z.ZodType };
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteFacts<
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends z.ZodType | undefined = z.ZodType | undefined,
> {
  /** The name of the operation: a verb and what it works on, unique. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With parameters in braces. */
  readonly path: `/v1/${string}` | '/metrics';
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the token must allow; `none`: no token is needed. */
  readonly scope: Scope | 'none';
  readonly params?: P;
  readonly query?: Q;
  /** Names in the query that may stand there several times. */
  readonly repeated?: readonly string[];
  readonly body?: B;
  /** The body may be absent. */
  readonly optionalBody?: true;
  /** Times the usual limit. */
  readonly largeBody?: number;
  /** Request headers that the route reads. */
  readonly headers?: readonly ('Idempotency-Key' | 'If-Match' | 'If-None-Match' | 'Last-Event-ID')[];
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes that are this route's own, beside those that every one may give. */
  readonly errors: readonly ErrorCode[];
}

export interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Bytes of the body. */
  readonly size: number;
  readonly request: Request;
  /** Absent only where no token is needed. */
  readonly principal: Principal | undefined;
}

export interface Route extends RouteFacts {
  readonly handle: (input: Input<any, any, any>, context: ServerContext) => Promise<Response> | Response;
}

/** A route, its handler held to its schemas. */
export function route<P extends Shape, Q extends Shape, B extends z.ZodType | undefined>(
  facts: RouteFacts<P, Q, B>,
  handle: (input: Input<Of<P>, Of<Q>, Of<B>>, context: ServerContext) => Promise<Response> | Response,
): Route {
  return { ...facts, handle } as Route;
}

/** An answer in JSON. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
  });
}

export function noContent(headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status: 204, headers: { 'Cache-Control': 'no-store', ...headers } });
}
