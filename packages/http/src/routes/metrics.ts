import { RepriseError } from '@reprise/core';
import { z } from 'zod';
import type { Route } from '../route.ts';
import { route } from '../route.ts';

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const metricsRoutes: readonly Route[] = [
  route(
    {
      id: 'getMetrics',
      method: 'GET',
      path: '/metrics',
      tag: 'server',
      summary: 'What the server counted since its start, in the text format of Prometheus.',
      description: 'Of all sessions together: not for tokens that own sessions.',
      scope: 'read',
      answers: { 200: { description: 'Counts.', stream: { type: 'text/plain', schema: z.string() } } },
      errors: [],
    },
    ({ principal }, { metrics, pool, streams, options: { lag } }) => {
      if (principal?.owner !== undefined) {
        throw new RepriseError('PERMISSION_DENIED', 'What is counted is of all sessions together.', {
          hint: 'Use a token that reaches all sessions.',
        });
      }
      const text = metrics.text({ ...pool.load, streams: streams.size, lag: lag?.() });
      return new Response(text, { headers: { 'Content-Type': TYPE, 'Cache-Control': 'no-store' } });
    },
  ),
];
