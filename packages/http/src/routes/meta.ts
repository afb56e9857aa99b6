import { z } from 'zod';
import type { Route } from '../route.ts';
import { json, route } from '../route.ts';
import { count } from '../schemas/common.ts';

const modelRow = z
  .looseObject({
    name: z.string().describe('`provider/model`.'),
    provider: z.string(),
    contextWindow: count,
    maxOutputTokens: count,
    key: z.enum(['set', 'missing', 'not-needed']).optional(),
    aliases: z.array(z.string()).optional(),
  })
  .meta({ id: 'Model' });

const stats = z.object({
  version: z.string().optional(),
  sessions: z.object({ open: count }),
  turns: z.object({ running: count, waiting: count }),
  streams: count,
});

export const metaRoutes: readonly Route[] = [
  route(
    {
      id: 'getHealth',
      method: 'GET',
      path: '/v1/health',
      tag: 'server',
      summary: 'Say that the server is up. Needs no token, and tells nothing else.',
      scope: 'none',
      answers: { 200: { description: 'It is.', schema: z.object({ status: z.literal('ok') }) } },
      errors: [],
    },
    () => json({ status: 'ok' }),
  ),
  route(
    {
      id: 'getStats',
      method: 'GET',
      path: '/v1/stats',
      tag: 'server',
      summary: 'What the server does now.',
      scope: 'read',
      answers: { 200: { description: 'Counts.', schema: stats } },
      errors: [],
    },
    (_, { pool, streams, options: { version } }) => {
      const { sessions, running, waiting } = pool.load;
      return json({
        ...(version !== undefined && { version }),
        sessions: { open: sessions },
        turns: { running, waiting },
        streams: streams.size,
      });
    },
  ),
  route(
    {
      id: 'listModels',
      method: 'GET',
      path: '/v1/models',
      tag: 'server',
      summary: 'The models that can be named.',
      scope: 'read',
      answers: { 200: { description: 'All of them.', schema: z.object({ items: z.array(modelRow) }) } },
      errors: [],
    },
    (_, { options: { models } }) => json({ items: models?.() ?? [] }),
  ),
  route(
    {
      id: 'listTools',
      method: 'GET',
      path: '/v1/tools',
      tag: 'server',
      summary: 'The tools that sessions may use.',
      scope: 'read',
      answers: {
        200: {
          description: 'All of them.',
          schema: z.object({ items: z.array(z.object({ name: z.string(), description: z.string() })) }),
        },
      },
      errors: [],
    },
    (_, { options: { tools = [] } }) => json({ items: tools.map(({ name, description }) => ({ name, description })) }),
  ),
  route(
    {
      id: 'getDocument',
      method: 'GET',
      path: '/v1/openapi.json',
      tag: 'server',
      summary: 'This description, as OpenAPI 3.1.',
      scope: 'read',
      answers: { 200: { description: 'The document.', schema: z.record(z.string(), z.unknown()) } },
      errors: [],
    },
    (_, { document }) => json(document()),
  ),
];
