import type { JSONValue } from '@ai-sdk/provider';
import { z } from 'zod';
import { EFFORTS } from '../contracts/model.ts';
import { isJson } from '../records/json.ts';

/** What the records and the messages of an import are made of. */

export const time = z.iso.datetime({ offset: true }).or(z.iso.datetime({ local: true }));
export const json = z.custom<JSONValue>(isJson, 'must be what JSON can hold');
export const count = z.number().nonnegative().finite();
const params = z.custom<Record<string, JSONValue>>(
  (value) => typeof value === 'object' && !Array.isArray(value) && value !== null && isJson(value),
  'must be a JSON object',
);
export const role = z.enum(['user', 'assistant', 'system']);
export const finishReason = z.enum(['stop', 'length', 'tool-calls', 'content-filter', 'error', 'interrupted', 'other']);
export const usage = z.object({
  input: count,
  output: count,
  cached: count,
  cacheWrite: count.optional(),
  reasoning: count,
  total: count,
  cost: count.optional(),
});
export const unreported = z.object({ input: count, output: count, cost: count.optional() });
export const spent = z.object({ model: z.string(), usage: usage.optional(), unreported: unreported.optional() });
export const totals = z.object({
  calls: count,
  retries: count,
  compactions: count,
  input: count,
  cached: count,
  cacheWrite: count,
  output: count,
  reasoning: count,
  total: count,
  cost: count,
  unpriced: count,
  unreported: z.object({ calls: count, tokens: count, cost: count }),
});
export const limits = z.object({
  maxSteps: count.optional(),
  maxTokens: count.optional(),
  maxCost: count.optional(),
  maxDuration: count.optional(),
});
export const price = z.object({
  input: count,
  output: count,
  cacheRead: count.optional(),
  cacheWrite: count.optional(),
});
export const call = z.object({ id: z.string(), tool: z.string(), params });
export const meta = z.record(z.string(), z.record(z.string(), json)).optional();
export const lineage = z.object({ id: z.string(), seq: count, kind: z.literal('spawn').optional() });
export const blocks = z.array(z.object({ id: z.string(), text: z.string() }));
export const model = z.object({ requested: z.string(), name: z.string() });
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const effort = z.enum(EFFORTS);
export const settings = z.object({
  temperature: z.number().optional(),
  effort: effort.optional(),
  maxTokens: count.optional(),
  stopSequences: z.array(z.string()).optional(),
  contextWindow: count.optional(),
  pruneStrategy: z.enum(['sliding-window', 'summarize', 'none']).optional(),
  pruneThreshold: z.number().optional(),
  maxSteps: count.optional(),
  fallbackModels: z.array(z.string()).optional(),
  budget: z.object({ turn: limits.optional(), session: limits.optional() }).optional(),
});
export const identity = {
  title: z.string().optional(),
  cwd: z.string().optional(),
  tags: z.array(z.string()).optional(),
};
