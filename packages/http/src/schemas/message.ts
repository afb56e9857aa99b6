import { z } from 'zod';
import { count, sessionId, time } from './common.ts';
import { limits } from './usage.ts';

export const finishReason = z.enum(['stop', 'length', 'tool-calls', 'content-filter', 'error', 'interrupted', 'other']);

export const turnUsage = z
  .object({ input: count, output: count, cached: count, reasoning: count, total: count })
  .meta({ id: 'Usage', description: 'Tokens; 0 where the provider reports none.' });

const attachment = z
  .object({ sha256: z.string(), mediaType: z.string(), size: count.describe('Bytes.'), name: z.string().optional() })
  .meta({ id: 'Attachment', description: 'A file; `GET …/attachments/{sha256}` gives its bytes.' });

const toolCall = z.object({ id: z.string(), tool: z.string(), params: z.record(z.string(), z.unknown()) });
const toolResult = z.object({
  id: z.string().describe('That of the call.'),
  result: z.unknown(),
  error: z.string().optional(),
  attachments: z.array(attachment).optional(),
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
    attachments: z.array(attachment).optional(),
    output: z.unknown().optional(),
    important: z.boolean().optional(),
    takenBack: z.literal(true).optional().describe('A rewind or an undo took it back; only `all` shows it.'),
  })
  .meta({ id: 'Message' });

export const conversationChange = z
  .enum(['exchange', 'edit', 'delete', 'prune', 'clear', 'rewind'])
  .describe('What somebody did to the conversation; an exchange is what the user said, with all that came of it.');

const fileFacts = {
  mediaType: z.string().max(200).optional().describe('Told from the bytes if absent.'),
  name: z.string().max(500).optional(),
};

/** A file that comes with a message. */
const newAttachment = z
  .union([
    z.strictObject({ data: z.string().describe('Base64, or a data URL.'), ...fileFacts }),
    z.strictObject({ text: z.string(), ...fileFacts }),
  ])
  .meta({ id: 'NewAttachment' });

export const newMessage = z.strictObject({
  content: z.string().default('').describe('What the user says; may be empty beside attachments.'),
  attachments: z.array(newAttachment).max(100).optional(),
  output: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('A JSON schema of type object: the answer is a value of it, in `output` at the end of the turn.'),
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
    output: z.unknown().optional().describe('The value that was asked for.'),
    usage: turnUsage,
    steps: count,
  })
  .meta({ id: 'Outcome', description: 'How a turn ended.' });
