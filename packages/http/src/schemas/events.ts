import { z } from 'zod';
import { code, count, lineage, problem, sessionId, time } from './common.ts';
import { conversationChange, finishReason, message, turnUsage } from './message.ts';
import { asked } from './ask.ts';

const at = z.object({ seq: count, attempt: count, offset: count, reasoning: count.optional() }).meta({
  id: 'Position',
  description:
    'Where to go on after an event: record, attempt, and characters of text and reasoning of the step in flight.',
});

function event<T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.object({ type: z.literal(type), at, ...shape });
}

const settings = z.record(z.string(), z.unknown());

/** What a stream tells, by the name of the event. */
export const feedEvent = z
  .discriminatedUnion('type', [
    event('session', {
      time,
      model: z.string(),
      tools: z.array(z.string()),
      title: z.string().optional(),
      cwd: z.string().optional(),
      tags: z.array(z.string()).optional(),
    }),
    event('message', { message, turn: z.string().optional(), key: z.string().optional() }),
    event('tool_result', {
      time,
      turn: z.string(),
      call: z.string(),
      tool: z.string(),
      result: z.unknown(),
      error: z.string().optional(),
    }),
    event('turn_end', {
      time,
      turn: z.string(),
      status: z.enum(['done', 'aborted', 'failed', 'step-limit', 'interrupted']),
      finishReason,
      usage: turnUsage,
      steps: count,
      output: z.unknown().optional().describe('The value that was asked for.'),
      error: z.object({ code, message: z.string() }).optional(),
    }),
    event('edit', { time, message: z.string(), content: z.string().optional(), important: z.boolean().optional() }),
    event('delete', { time, message: z.string() }),
    event('boundary', {
      time,
      reason: z.enum(['clear', 'prune', 'compact']),
      from: count,
      summary: z.string().optional(),
    }),
    event('rewind', {
      time,
      message: z.string(),
      from: count.describe('What was said from this record on is taken back.'),
    }),
    event('undo', {
      time,
      of: count.describe('The record whose change is taken back; read the messages anew.'),
      what: conversationChange,
      redo: z.literal(true).optional().describe('It is an undo: what that took back is there again.'),
      message: z.string().optional(),
    }),
    event('change', {
      time,
      reason: z.string(),
      model: z.string().optional(),
      tools: z.array(z.string()).optional(),
      settings: settings.optional(),
      title: z.string().optional(),
      cwd: z.string().optional(),
      tags: z.array(z.string()).optional(),
    }),
    event('fork', { time, parent: lineage }),
    event('warning', { time, message: z.string() }),
    event('text', { content: z.string() }),
    event('reasoning', { content: z.string() }),
    event('tool_progress', { id: z.string(), text: z.string().optional(), data: z.unknown().optional() }),
    event('approval', { time, turn: z.string(), ...asked, input: z.unknown().optional() }),
    event('answer', {
      time,
      id: z.string(),
      verdict: z.enum(['once', 'always', 'deny', 'expired', 'cancelled']),
      message: z.string().optional(),
      by: z.string(),
    }),
    event('spawn', { time, turn: z.string(), call: z.string(), session: sessionId }),
    event('reset', {
      offset: count,
      reason: z.enum(['retry', 'crash', 'lagged']),
      code: code.optional(),
      waitMs: count.optional(),
      model: z.string().optional(),
    }),
  ])
  .meta({ id: 'FeedEvent', description: 'One event of a session; its `id` on the wire is its position.' });

/** What the stream of one message tells beside the session's events. */
export const turnEvent = z
  .union([
    feedEvent,
    z.object({ type: z.literal('queued'), key: z.string() }),
    z.object({ type: z.literal('started'), session: sessionId, turn: z.string() }),
    problem,
  ])
  .meta({ id: 'TurnEvent' });
