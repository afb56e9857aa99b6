import { ERROR_CODES, SESSION_ID } from '@reprise/core';
import { z } from 'zod';

export const code = z
  .enum(ERROR_CODES)
  .meta({ id: 'ErrorCode', description: 'The closed set of codes that errors carry.' });

export const problem = z
  .object({
    type: z.string().describe('`urn:reprise:error:` and the code.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code,
    hint: z.string().optional().describe('What to do about it.'),
    retryAt: z.iso.datetime().optional().describe('When trying again makes sense.'),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

export const sessionId = z.string().regex(SESSION_ID).describe('The id of a session.');
export const time = z.string().describe('ISO 8601.');
export const count = z.int().nonnegative();

export const params = z.object({ id: sessionId });
export const messageParams = z.object({
  id: sessionId,
  message: z.string().min(1).max(200).describe('The id of a message.'),
});

export const lineage = z
  .object({ id: sessionId, seq: count, kind: z.literal('spawn').optional() })
  .describe('The session that it comes from, and at which record.');
