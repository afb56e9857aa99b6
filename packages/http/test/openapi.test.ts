import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { ROUTES } from '../src/routes/all.ts';
import { openApi } from '../src/openapi.ts';
import { breaks } from './support/breaks.ts';
import { stage } from './support/stage.ts';

const FILE = fileURLToPath(new URL('../openapi.json', import.meta.url));

test('the description is valid OpenAPI 3.1, and served', async () => {
  const { call } = stage();
  const { body } = await call('GET', '/v1/openapi.json');
  expect(body.openapi).toBe('3.1.0');
  const { valid, errors } = await new Validator().validate(structuredClone(body));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test('each operation has a name of its own, a summary that ends in a stop, and its parameters described or plain', () => {
  expect(new Set(ROUTES.map(({ id }) => id)).size).toBe(ROUTES.length);
  expect(new Set(ROUTES.map(({ method, path }) => `${method} ${path}`)).size).toBe(ROUTES.length);
  for (const { id, summary, path, params, method, body, headers } of ROUTES) {
    expect(id).toMatch(/^[a-z]+[A-Z][A-Za-z]+$/);
    expect(summary).toMatch(/^[A-Z].*\.$/);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(Object.keys(params?.shape ?? {})).toEqual(named);
    if (method === 'GET') expect(body).toBeUndefined();
    if (method === 'GET') expect(headers ?? []).not.toContain('Idempotency-Key');
  }
});

test('whatever goes wrong is described: a token that is none or asks too often, and all else, as a problem', () => {
  const { paths } = openApi(ROUTES) as { paths: Record<string, Record<string, { responses: object }>> };
  const problem = { $ref: '#/components/responses/Problem' };
  for (const [path, operations] of Object.entries(paths)) {
    for (const { responses } of Object.values(operations)) {
      const wanted = path === '/v1/health' ? {} : { 401: problem };
      expect(responses).toMatchObject({ ...wanted, 400: problem, 429: problem, 500: problem, default: problem });
    }
  }
});

test('references point to what is there', () => {
  const document = openApi(ROUTES);
  const schemas = (document['components'] as { schemas: object }).schemas;
  for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(Object.keys(schemas)).toContain(name);
  expect(JSON.stringify(document)).not.toContain('#/$defs/');
});

test('it is the one that is committed: a change of the API shows there (update with UPDATE_OPENAPI=1)', async () => {
  const now = `${JSON.stringify(openApi(ROUTES), null, 2)}\n`;
  if (process.env['UPDATE_OPENAPI']) {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(FILE, now);
  }
  const then: unknown = JSON.parse(readFileSync(FILE, 'utf8'));
  expect(breaks(then, JSON.parse(now))).toEqual([]);
  expect(JSON.parse(now)).toEqual(then);
});
