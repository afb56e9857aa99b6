import { RepriseError, toCoded } from '@reprise/core';
import type { z } from 'zod';
import type { ServerContext } from './context.ts';
import type { Body } from './guard/body.ts';
import { readJson, Refusal } from './guard/body.ts';
import type { Principal } from './options.ts';
import { problemResponse } from './problem.ts';
import type { Route } from './route.ts';

/** Runs a route: scope, then parameters, then body, then its handler. Whatever goes wrong becomes a problem. */
export async function dispatch(
  { handle, ...facts }: Route,
  request: Request,
  params: Readonly<Record<string, string>>,
  principal: Principal | undefined,
  context: ServerContext,
): Promise<Response> {
  try {
    if (facts.scope !== 'none' && !principal?.scopes.has(facts.scope)) {
      throw new RepriseError('PERMISSION_DENIED', `This token does not allow “${facts.scope}”.`, {
        hint: 'Use a token with that scope.',
      });
    }
    // A condition that nobody looks at is a change that its client didn't want.
    if (request.headers.has('if-match') && facts.method !== 'GET' && !facts.headers?.includes('If-Match'))
      throw new Refusal(400, 'This operation takes no If-Match.', 'Leave it out.');
    const place = {
      params: checked(facts.params, params, 'path'),
      query: checked(facts.query, queryOf(request, facts.repeated), 'query'),
    };
    const { value, size } = await bodyOf(facts, request, context.limits.bodyBytes);
    return await handle({ ...place, body: value, size, request, principal }, context);
  } catch (error) {
    return failed(error, context);
  }
}

export function failed(error: unknown, { clock, report }: Pick<ServerContext, 'clock' | 'report'>): Response {
  const status = Object(error) as { readonly status?: unknown };
  const known = error instanceof RepriseError && typeof status.status === 'number' ? { status: status.status } : {};
  if (toCoded(error).code === 'INTERNAL') report(error);
  return problemResponse(error, { ...known, now: clock.now() });
}

async function bodyOf(
  { body, optionalBody, largeBody = 1 }: Omit<Route, 'handle'>,
  request: Request,
  limit: number,
): Promise<Body> {
  if (body === undefined) {
    await request.body?.cancel();
    return NONE;
  }
  const given = await readJson(request, limit * largeBody);
  if (given === undefined && optionalBody) return NONE;
  if (given === undefined) throw new Refusal(400, 'A body is missing.', 'Send JSON.');
  return { ...given, value: checked(body, given.value, 'body') };
}

const NONE: Body = { value: undefined, size: 0 };

function checked(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || where}: ${message}`);
  throw new RepriseError('INVALID_INPUT', `The ${where} is not as it should be: ${faults.join('; ')}.`, {
    hint: 'GET /v1/openapi.json describes it.',
  });
}

/** Each name once, but for those that may be `repeated`: a second value would be one that somebody else reads. */
function queryOf(request: Request, repeated: readonly string[] = []): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  const { searchParams } = new URL(request.url);
  for (const name of new Set(searchParams.keys())) {
    const [first = '', ...more] = searchParams.getAll(name);
    if (more.length > 0 && !repeated.includes(name))
      throw new Refusal(400, `The query names ${JSON.stringify(name)} twice.`);
    query[name] = more.length > 0 ? [first, ...more] : first;
  }
  return query;
}
