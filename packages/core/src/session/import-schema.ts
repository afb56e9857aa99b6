import { z } from 'zod';
import type { ExportedFile } from '../contracts/history.ts';
import type { Rec } from '../records/types.ts';
import { call, count, finishReason, json, role, sha256, time } from './import-parts.ts';
import { anyRecord } from './import-record.ts';

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
