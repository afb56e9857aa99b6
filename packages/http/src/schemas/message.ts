import { z } from 'zod';
import { count, sessionId, time } from './common.ts';
import { limits } from './usage.ts';

export const finishReason = z.enum(['stop', 'length', 'tool-calls', 'content-filter', 'error', 'interrupted', 'other']);

export const turnUsage = z
  .object({ input: count, output: count, cached: count, reasoning: count, total: count })
  .meta({ id: 'Usage', description: 'Tokens; 0 where the provider reports none.' });

const toolCall = z.object({ id: z.string(), tool: z.string(), params: z.record(z.string(), z.unknown()) });
const toolResult = z.object({
  id: z.string().describe('That of the call.'),
  result: z.unknown(),
  error: z.string().optional(),
});

export const message = z
  .object({
    id: z.string(),
    role: z.enum(['user', 'assistant', 'system']),
    content: z.string(),
    timestamp: time,
    tokens: count.optional(),
    toolCalls: z.array(toolCall).optional(),
    toolResults: z.array(toolResult).optional(),
    finishReason: finishReason.optional(),
    usage: turnUsage.optional(),
    important: z.boolean().optional(),
  })
  .meta({ id: 'Message' });

export const newMessage = z.strictObject({
  content: z.string().min(1).describe('What the user says.'),
  busy: z
    .enum(['fail', 'queue', 'steer'])
    .default('fail')
    .describe(
      'While a turn runs: refuse with SESSION_BUSY, answer in a turn of its own afterwards, or make it part of the turn that runs.',
    ),
  onAsk: z
    .enum(['wait', 'deny', 'fail'])
    .optional()
    .describe('Calls that a person must agree to: wait for an answer, are denied, or end the turn.'),
  effort: z.string().min(1).max(40).optional().describe('How hard the model thinks in this turn.'),
  budget: limits.optional().describe('What this turn may take.'),
  model: z.string().min(1).optional().describe('Goes on with this model, in this turn and after it.'),
});

export const messageChange = z
  .strictObject({ content: z.string().optional(), important: z.boolean().optional() })
  .refine(
    ({ content, important }) => content !== undefined || important !== undefined,
    'Give `content` or `important`.',
  );

export const outcome = z
  .object({
    session: sessionId,
    turn: z.string(),
    status: z.enum(['done', 'aborted', 'failed', 'step-limit']),
    finishReason,
    message: message.optional().describe('The last one of the assistant.'),
    usage: turnUsage,
    steps: count,
  })
  .meta({ id: 'Outcome', description: 'How a turn ended.' });
