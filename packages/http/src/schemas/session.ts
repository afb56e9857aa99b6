import { z } from 'zod';
import { count, lineage, sessionId, time } from './common.ts';
import { budget } from './usage.ts';

const tokens = z.object({ input: count, output: count, total: count });

export const session = z
  .object({
    id: sessionId,
    model: z.string(),
    createdAt: time,
    lastMessage: time.describe('Time of the last message.'),
    messageCount: count,
    tokenUsage: tokens,
    tools: z.array(z.string()),
    status: z.enum(['active', 'idle', 'error']).describe('`active`: a turn of it has no end yet.'),
    running: z
      .literal(true)
      .optional()
      .describe('That turn runs in this server; else in another process, or a crash left it open.'),
    seq: count.describe('The last record. The ETag is made of it.'),
    checkpoint: count,
    title: z.string().optional(),
    cwd: z.string().optional(),
    tags: z.array(z.string()).optional(),
    parent: lineage.optional(),
  })
  .meta({ id: 'Session', description: 'What a session is, without its messages.' });

export const sessionPage = z.object({
  items: z.array(session),
  cursor: z.string().optional().describe('For the next page; absent on the last one.'),
});

export const tree = z
  .object({
    root: sessionId.describe('The session at the top.'),
    items: z
      .array(
        z.object({
          id: sessionId,
          head: session.optional().describe('Absent of one that was deleted.'),
          parent: sessionId.optional().describe('The session above it; absent at the top.'),
          kind: z.enum(['fork', 'spawn']).optional().describe('A copy of that one, or its sub-session.'),
          message: z
            .string()
            .optional()
            .describe('The last message that a copy took over; of a sub-session, the one whose call began it.'),
          more: z.literal(true).optional().describe('There may be more below it: ask with `below`.'),
        }),
      )
      .describe('Level by level, the oldest first; each after the one above it.'),
  })
  .meta({ id: 'SessionTree', description: 'A family of sessions by copies and sub-sessions.' });

export const treeQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  below: z.enum(['true', 'false']).default('false').describe('Only what lies below the session.'),
});

export const listQuery = z.strictObject({
  cursor: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  order: z.enum(['created', 'lastMessage']).default('lastMessage'),
  cwd: z.string().optional(),
  parent: z
    .union([sessionId, z.array(sessionId).max(100)])
    .optional()
    .describe('Several: what comes of any of them.'),
  spawned: z
    .enum(['true', 'false'])
    .optional()
    .describe('Only sub-sessions, or none of them; absent: none, but with `parent`.'),
  tag: z
    .union([z.string(), z.array(z.string()).max(16)])
    .optional()
    .describe('Several: sessions that bear all of them.'),
  model: z.string().optional(),
  status: z.enum(['active', 'idle', 'error']).optional(),
  since: z.iso.datetime({ offset: true }).optional(),
});

const effort = z
  .string()
  .min(1)
  .max(40)
  .describe('How hard the model thinks; what it does not take is left out, with a warning.');

const settings = {
  temperature: z.number().min(0).max(1).optional(),
  maxTokens: z.int().positive().optional(),
  stopSequences: z.array(z.string()).max(16).optional(),
  contextWindow: z.int().positive().optional(),
  pruneStrategy: z.enum(['sliding-window', 'summarize', 'none']).optional(),
  pruneThreshold: z.number().positive().max(1).optional(),
  maxSteps: z.int().positive().optional(),
  fallbackModels: z.array(z.string()).max(16).optional(),
  effort: effort.optional(),
  budget: budget.optional().describe('What each turn, and all of them together, may take.'),
};

const facts = {
  model: z.string().min(1).optional().describe('`provider/model` or an alias; the server’s default if absent.'),
  title: z.string().max(500).optional(),
  tags: z.array(z.string().max(200)).max(100).optional(),
  tools: z.array(z.string()).optional().describe('Exactly these; all of the server’s if absent.'),
  systemPrompt: z.string().optional(),
  cwd: z
    .string()
    .regex(/^(\/|[A-Za-z]:[\\/])/, 'must be an absolute path')
    .optional()
    .describe('Working directory of the tools, an absolute path.'),
};

export const newSession = z.strictObject({ ...facts, ...settings });

export const sessionChange = z.strictObject({ ...facts, ...settings });

export const forkBody = z.strictObject({
  fromMessage: z.string().optional().describe('The last message that is taken over; all if absent.'),
  newSessionId: sessionId.optional(),
});

export const importBody = z.strictObject({
  session: z.unknown().describe('What an export gave, or an array of messages.'),
  newId: z.boolean().optional().describe('Take another id where it is taken.'),
  model: z.string().optional().describe('The model to go on with, where the data names none.'),
});
