import { z } from 'zod';
import { count, lineage, sessionId } from './common.ts';

const usd = z.number().nonnegative();

export const limits = z
  .strictObject({
    maxSteps: z.int().positive().optional().describe('Model calls of any kind.'),
    maxTokens: z.int().positive().optional().describe('Input and output of every call.'),
    maxCost: z.number().positive().optional().describe('USD.'),
    maxDuration: z
      .int()
      .positive()
      .optional()
      .describe('Milliseconds of work; those in which people are asked do not count.'),
  })
  .meta({ id: 'Limits' });

/** What each turn, and all of them together, may take. */
export const budget = z.strictObject({ turn: limits.optional(), session: limits.optional() });

const totals = z
  .object({
    calls: count,
    retries: count,
    compactions: count,
    input: count,
    cached: count,
    cacheWrite: count,
    output: count,
    reasoning: count,
    total: count,
    cost: usd.describe('USD.'),
    unpriced: count,
    unreported: z.object({ calls: count, tokens: count, cost: usd }),
  })
  .meta({ id: 'UsageTotals', description: 'What model calls took, as their providers count.' });

const byModel = z
  .object({ total: totals, models: z.record(z.string(), totals) })
  .meta({ id: 'UsageByModel', description: 'Totals by the model’s name, and in all.' });

export const usage = z
  .object({
    id: sessionId,
    parent: lineage.optional(),
    own: byModel.describe('By the session’s own calls.'),
    all: byModel.describe('… and those of its sub-sessions.'),
    root: z.object({ id: sessionId, ...byModel.shape }),
    budget: budget.optional().describe('What it may take, as far as that is limited.'),
    duration: z.number().nonnegative().describe('Milliseconds in which its turns worked.'),
    context: z.object({ current: count, max: count }).describe('Tokens in the context window, about.'),
  })
  .meta({ id: 'SessionUsage' });
