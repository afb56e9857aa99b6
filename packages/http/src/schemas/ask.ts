import { z } from 'zod';
import { time } from './common.ts';

/** What a person is asked. */
export const asked = {
  id: z.string(),
  call: z.string().describe('The call that waits.'),
  tool: z.string(),
  access: z.record(z.string(), z.unknown()).describe('What the call would touch.'),
  reason: z.string().optional().describe('Why the policy asks.'),
  question: z
    .object({ text: z.string(), choices: z.array(z.string()).optional() })
    .optional()
    .describe('What a tool wants to know; its answer is `text`.'),
  fingerprint: z.string().describe('Of what is asked about: an answer holds for exactly that.'),
  expires: time.optional().describe('Unanswered until then, it is denied.'),
  path: z.array(z.string()).optional().describe('The sub-sessions through which it came, outermost first.'),
};

export const pendingAsk = z.object({ ...asked, input: z.unknown(), at: time, turn: z.string() }).meta({
  id: 'PendingAsk',
  description: 'A question that nobody has answered yet.',
});

export const answer = z
  .union([
    z.strictObject({
      verdict: z
        .enum(['once', 'always', 'deny'])
        .describe('This call; this exact call in this session from now on; not.'),
      message: z.string().max(10_000).optional().describe('Told to the model with a denial.'),
    }),
    z.strictObject({ text: z.string().max(100_000).describe('Answers the question of a tool.') }),
  ])
  .meta({ id: 'AskAnswer' });
