import type { ErrorCode } from '@reprise/core';
import { z } from 'zod';
import { STATUS } from './problem.ts';
import type { Answer, Route } from './route.ts';
import { problem } from './schemas/common.ts';

/** What every route may answer. RATE_LIMIT: a token that asks too often. */
const COMMON: readonly ErrorCode[] = ['INVALID_INPUT', 'PERMISSION_DENIED', 'RATE_LIMIT', 'STORAGE_FAILED', 'INTERNAL'];
const PROBLEM = { $ref: '#/components/responses/Problem' };

const HEADERS = {
  'Idempotency-Key': 'The same request with the same key is done once. 1 to 100 letters, digits, _ or -.',
  'If-Match': 'The ETag that the session must still have; 412 where it has another.',
  'If-None-Match': 'An ETag that the client has: 304 where it is still the same.',
  'Last-Event-ID': 'The id of the last event that was seen.',
};

type Json = Record<string, unknown>;

/** The description of `routes` as OpenAPI 3.1, from their schemas. */
export function openApi(routes: readonly Route[], version = '0'): Json {
  const parts = new Parts();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route, parts);
  }
  const problemSchema = parts.schema(problem, 'output');
  return {
    openapi: '3.1.0',
    info: {
      title: 'Reprise',
      version,
      description: 'Sessions with AI coding agents that are never lost.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: parts.schemas,
      responses: {
        Problem: {
          description: 'What went wrong.',
          content: { 'application/problem+json': { schema: problemSchema } },
        },
      },
    },
  };
}

function operation(route: Route, parts: Parts): Json {
  const { id, tag, summary, description, scope, params, query, body, optionalBody, headers = [], answers } = route;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    'x-scope': scope,
    ...(scope === 'none' && { security: [] }),
    parameters: [
      ...parameters('path', params, parts),
      ...parameters('query', query, parts),
      ...headers.map((name) => ({
        name,
        in: 'header',
        description: HEADERS[name],
        schema: { type: 'string' },
      })),
    ],
    ...(body !== undefined && {
      requestBody: {
        required: optionalBody !== true,
        content: { 'application/json': { schema: parts.schema(body, 'input') } },
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, response(answer, parts)])),
      ...Object.fromEntries(statuses(route).map((status) => [status, PROBLEM])),
      // Whatever else goes wrong, such as a full disk, has the same shape.
      default: PROBLEM,
    },
  };
}

/** The statuses of the problems that a route may answer. */
export function statuses({ errors, headers, scope, body }: Route): number[] {
  const all = [...COMMON, ...errors].map((code) => STATUS[code]);
  if (scope !== 'none') all.push(401);
  if (headers?.includes('If-Match')) all.push(412);
  if (headers?.includes('Idempotency-Key')) all.push(422);
  if (body !== undefined) all.push(413, 415);
  return [...new Set(all)].sort((a, b) => a - b);
}

function response({ description, schema, stream, headers }: Answer, parts: Parts): Json {
  const content = {
    ...(schema !== undefined && { 'application/json': { schema: parts.schema(schema, 'output') } }),
    ...(stream !== undefined && { [stream.type]: { schema: parts.schema(stream.schema, 'output') } }),
  };
  return {
    description,
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

function parameters(place: 'path' | 'query', schema: z.ZodObject | undefined, parts: Parts): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...rest } = parts.schema(field as z.ZodType, 'input') as Json & { description?: string };
    const optional = (field as z.ZodType).safeParse(undefined).success;
    return {
      name,
      in: place,
      required: place === 'path' || !optional,
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

/** Schemas with a name stand once, under it. */
class Parts {
  readonly schemas: Record<string, unknown> = {};

  schema(type: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $defs = {},
      $schema: _,
      ...root
    } = z.toJSONSchema(type, {
      io,
      unrepresentable: 'any',
      // What a later version adds to an answer breaks nobody.
      override: ({ jsonSchema }) => {
        if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      },
    }) as Json & { $defs?: Record<string, Json> };
    for (const [name, part] of Object.entries($defs)) this.schemas[name] = moved(part);
    const { id, ...own } = root as Json & { id?: string };
    if (id === undefined) return moved(own);
    this.schemas[id] = moved(own);
    return { $ref: `#/components/schemas/${id}` };
  }
}

/** References from a schema of its own to the document’s. */
function moved(part: unknown): Json {
  if (Array.isArray(part)) return part.map(moved) as unknown as Json;
  if (typeof part !== 'object' || part === null) return part as unknown as Json;
  return Object.fromEntries(
    Object.entries(part).flatMap(([name, value]): [string, unknown][] => {
      if (name === '$ref' && typeof value === 'string')
        return [[name, value.replace('#/$defs/', '#/components/schemas/')]];
      // zod repeats a schema's name in it.
      return name === 'id' && typeof value === 'string' ? [] : [[name, moved(value)]];
    }),
  );
}
