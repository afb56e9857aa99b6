import type { JSONValue } from '@ai-sdk/provider';
import { z } from 'zod';
import { EFFORTS } from '../contracts/model.ts';
import { isJson } from '../records/json.ts';
import { isKnown } from '../records/codec.ts';
import type { ExportedFile } from '../contracts/session.ts';
import type { Rec } from '../records/types.ts';

const time = z.iso.datetime({ offset: true }).or(z.iso.datetime({ local: true }));
const json = z.custom<JSONValue>(isJson, 'must be what JSON can hold');
const count = z.number().nonnegative().finite();
const params = z.custom<Record<string, JSONValue>>(
  (value) => typeof value === 'object' && !Array.isArray(value) && value !== null && isJson(value),
  'must be a JSON object',
);
const role = z.enum(['user', 'assistant', 'system']);
const finishReason = z.enum(['stop', 'length', 'tool-calls', 'content-filter', 'error', 'interrupted', 'other']);
const usage = z.object({
  input: count,
  output: count,
  cached: count,
  cacheWrite: count.optional(),
  reasoning: count,
  total: count,
  cost: count.optional(),
});
const unreported = z.object({ input: count, output: count, cost: count.optional() });
const spent = z.object({ model: z.string(), usage: usage.optional(), unreported: unreported.optional() });
const totals = z.object({
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
const limits = z.object({
  maxSteps: count.optional(),
  maxTokens: count.optional(),
  maxCost: count.optional(),
  maxDuration: count.optional(),
});
const price = z.object({
  input: count,
  output: count,
  cacheRead: count.optional(),
  cacheWrite: count.optional(),
});
const call = z.object({ id: z.string(), tool: z.string(), params });
const meta = z.record(z.string(), z.record(z.string(), json)).optional();
const lineage = z.object({ id: z.string(), seq: count, kind: z.literal('spawn').optional() });
const blocks = z.array(z.object({ id: z.string(), text: z.string() }));
const model = z.object({ requested: z.string(), name: z.string() });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const effort = z.enum(EFFORTS);
const settings = z.object({
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
const identity = {
  title: z.string().optional(),
  cwd: z.string().optional(),
  tags: z.array(z.string()).optional(),
};

const message = z.object({
  id: z.string().min(1).optional(),
  role,
  content: z.string(),
  timestamp: time,
  tokens: count.optional(),
  toolCalls: z.array(call).optional(),
  toolResults: z.array(z.object({ id: z.string(), result: json.optional(), error: z.string().optional() })).optional(),
  finishReason: finishReason.optional(),
});
export type ImportedMessage = z.infer<typeof message>;

const part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), length: count, meta }),
  z.object({ type: z.literal('reasoning'), text: z.string(), meta }),
  z.object({ type: z.literal('tool-call'), id: z.string(), meta }),
  z.object({ type: z.literal('provider-call'), id: z.string(), tool: z.string(), input: json, meta }),
  z.object({
    type: z.literal('provider-result'),
    id: z.string(),
    tool: z.string(),
    result: json,
    isError: z.boolean().optional(),
    meta,
  }),
  z.object({ type: z.literal('other'), part: json }),
]);

const error = z.object({ code: z.string(), message: z.string() });

const attachments = z
  .array(
    z.object({
      sha256,
      mediaType: z.string(),
      size: count,
      name: z.string().optional(),
      tokens: count,
      pixels: z.tuple([count, count]).optional(),
      data: z.string().optional(),
    }),
  )
  .optional();

/** Every type of record, as an export may hold it. */
const record = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('session'),
    format: z.literal(1),
    at: time,
    model,
    system: blocks,
    tools: z.array(z.string()),
    named: z.boolean(),
    settings,
    ...identity,
    parent: lineage.optional(),
  }),
  z.object({
    type: z.literal('message'),
    id: z.string(),
    role: z.enum(['user', 'system']),
    content: z.string(),
    timestamp: time,
    turn: z.string().optional(),
    key: z.string().optional(),
    attachments,
    output: json.optional(),
    correction: z.literal(true).optional(),
    effort: effort.optional(),
    budget: limits.optional(),
    important: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('step'),
    id: z.string(),
    role: z.literal('assistant'),
    content: z.string(),
    timestamp: time,
    turn: z.string().optional(),
    toolCalls: z.array(call).optional(),
    parts: z.array(part).optional(),
    refused: z.record(z.string(), z.string()).optional(),
    finishReason,
    rawFinishReason: z.string().optional(),
    usage: usage.optional(),
    unreported: unreported.optional(),
    model: z.string().optional(),
    provider: z.string().optional(),
    important: z.boolean().optional(),
  }),
  z.object({
    type: z.literal('result'),
    at: time,
    turn: z.string(),
    call: z.string(),
    tool: z.string(),
    result: json,
    error: z.string().optional(),
    shown: z.string().optional(),
    attachments,
  }),
  z.object({
    type: z.literal('ask'),
    at: time,
    turn: z.string(),
    id: z.string(),
    call: z.string(),
    tool: z.string(),
    access: z.object({
      effect: z.enum(['none', 'read', 'write', 'execute', 'network', 'unknown']),
      paths: z.array(z.string()).optional(),
      command: z.string().optional(),
      locks: z.array(z.string()).optional(),
    }),
    reason: z.string().optional(),
    question: z.object({ text: z.string(), choices: z.array(z.string()).optional() }).optional(),
    fingerprint: z.string(),
    expires: time.optional(),
    path: z.array(z.string()).optional(),
    input: json.optional(),
  }),
  z.object({
    type: z.literal('answer'),
    at: time,
    ask: z.string(),
    verdict: z.enum(['once', 'always', 'deny', 'expired', 'cancelled']),
    message: z.string().optional(),
    text: z.string().optional(),
    by: z.string(),
    key: z.string().optional(),
  }),
  z.object({ type: z.literal('start'), at: time, turn: z.string(), call: z.string() }),
  z.object({
    type: z.literal('verdict'),
    at: time,
    turn: z.string(),
    request: z.string(),
    call: z.string(),
    approved: z.boolean(),
    reason: z.string().optional(),
  }),
  z.object({
    type: z.literal('attempt'),
    at: time,
    turn: z.string(),
    attempt: count,
    code: z.string(),
    message: z.string(),
    waitMs: count,
    until: time.optional(),
    model: model.optional(),
    spent: spent.optional(),
  }),
  z.object({
    type: z.literal('reserve'),
    at: time,
    turn: z.string(),
    model: z.string(),
    input: count,
    output: count,
    price: price.optional(),
  }),
  z.object({ type: z.literal('carry-on'), at: time, turn: z.string() }),
  z.object({ type: z.literal('spawn'), at: time, turn: z.string(), call: z.string(), session: z.string() }),
  z.object({
    type: z.literal('spent'),
    at: time,
    turn: z.string(),
    session: z.string(),
    models: z.record(z.string(), totals),
    end: z.literal(true).optional(),
  }),
  z.object({
    type: z.literal('repair'),
    at: time,
    turn: z.string(),
    reason: z.string(),
    repair: z
      .object({
        reasoning: count,
        results: count.optional(),
        attachments: z.tuple([count, count]).optional(),
        from: count.optional(),
        keep: z.array(count).optional(),
      })
      .optional(),
  }),
  z.object({
    type: z.literal('turn-end'),
    at: time,
    turn: z.string(),
    status: z.enum(['done', 'aborted', 'failed', 'step-limit', 'interrupted']),
    finishReason,
    usage,
    steps: count,
    error: error.optional(),
    spent: spent.optional(),
  }),
  z.object({
    type: z.literal('edit'),
    at: time,
    message: z.string(),
    content: z.string().optional(),
    important: z.boolean().optional(),
  }),
  z.object({ type: z.literal('delete'), at: time, message: z.string(), role, cleared: z.boolean().optional() }),
  z.object({
    type: z.literal('boundary'),
    at: time,
    reason: z.enum(['clear', 'prune', 'compact']),
    from: count,
    keep: z.array(count),
    messages: count.optional(),
    summary: z.string().optional(),
    usage: usage.optional(),
    model: z.string().optional(),
    unreported: unreported.optional(),
  }),
  z.object({ type: z.literal('rewind'), at: time, message: z.string(), from: count, messages: count }),
  z.object({
    type: z.literal('undo'),
    at: time,
    of: count,
    what: z.enum(['exchange', 'edit', 'delete', 'prune', 'clear', 'rewind']),
    redo: z.literal(true).optional(),
    message: z.string().optional(),
    messages: count,
  }),
  z.object({
    type: z.literal('change'),
    at: time,
    reason: z.string(),
    model: model.optional(),
    system: blocks.optional(),
    tools: z.array(z.string()).optional(),
    named: z.boolean().optional(),
    settings: settings.optional(),
    ...identity,
  }),
  z.object({ type: z.literal('fork'), at: time, parent: lineage }),
  z.object({ type: z.literal('warning'), at: time, message: z.string() }),
  z.object({ type: z.literal('file-lost'), at: time, sha256, reason: z.string() }),
  z.object({ type: z.literal('checkpoint'), at: time, state: z.unknown() }),
]);

/** A type that a newer version writes is no fault: whoever exported it knew no more of it than we do. */
const anyRecord = z.unknown().transform((data, context): Rec => {
  const { type } = Object(data) as { readonly type?: unknown };
  if (typeof type === 'string' && !isKnown(type)) return { type } as unknown as Rec;
  const result = record.safeParse(data);
  if (result.success) return result.data as unknown as Rec;
  for (const { path, message } of result.error.issues) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
});

export interface ImportedData {
  readonly id?: string;
  readonly model?: string;
  readonly title?: string;
  readonly cwd?: string;
  readonly messages: readonly ImportedMessage[];
  readonly records?: readonly Rec[];
  readonly files?: readonly ExportedFile[];
}

const exported = z
  .object({
    id: z.string().optional(),
    model: z.string().optional(),
    metadata: z
      .object({ model: z.string().optional(), title: z.string().optional(), cwd: z.string().optional() })
      .optional(),
    messages: z.array(message),
    records: z.array(anyRecord).min(1).optional(),
    files: z.array(z.object({ sha256, data: z.string().optional(), missing: z.string().optional() })).optional(),
  })
  .refine(({ records }) => records === undefined || records[0]?.type === 'session', {
    path: ['records', 0],
    error: 'the first record must be of type session',
  });

/** The forms that an import may have, in one shape. */
export function importSchema(): z.ZodType<ImportedData> {
  const plain = z.array(message).transform((messages): ImportedData => ({ messages }));
  const whole = exported.transform(({ id, model: top, metadata, messages, records, files }): ImportedData => {
    const named = metadata?.model ?? top;
    return {
      ...(id !== undefined && { id }),
      ...(named !== undefined && { model: named }),
      ...(metadata?.title !== undefined && { title: metadata.title }),
      ...(metadata?.cwd !== undefined && { cwd: metadata.cwd }),
      messages,
      ...(records !== undefined && { records }),
      ...(files !== undefined && { files: files as ExportedFile[] }),
    };
  });
  return z.unknown().transform((data, context): ImportedData => {
    const result = (Array.isArray(data) ? plain : whole).safeParse(data);
    if (result.success) return result.data;
    for (const issue of result.error.issues)
      context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
    return z.NEVER;
  });
}
