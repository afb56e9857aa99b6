import type { JSONSchema7 } from '@ai-sdk/provider';
import type { ZodType } from 'zod';
import type { Tool } from '../contracts/tool.ts';

/** zod is loaded at the first schema that needs it: a start that calls no tool does without. */
const zod = () => import('zod');

function isZod(schema: ZodType | JSONSchema7): schema is ZodType {
  return 'safeParse' in schema && typeof schema.safeParse === 'function';
}

/** The input schema as the model is told it. */
export async function jsonSchemaOf(tool: Pick<Tool, 'input'>): Promise<JSONSchema7> {
  const input = tool.input;
  if (!isZod(input)) return input as JSONSchema7;
  const { z } = await zod();
  const { $schema: _schema, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return schema as JSONSchema7;
}

export type Checked = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** What checks the input of a tool. Making one of a JSON schema costs more than a small call, so it is kept. Rejects where zod can't read the schema. */
export async function checkerOf({ input }: Pick<Tool, 'input'>): Promise<ZodType> {
  if (isZod(input)) return input;
  const { z } = await zod();
  return z.fromJSONSchema(input as Parameters<typeof z.fromJSONSchema>[0]);
}

/** The input as the tool takes it, or what is wrong with it in the words that the model is told. */
export async function checkInput(checker: Promise<ZodType>, input: unknown): Promise<Checked> {
  try {
    const result = await (await checker).safeParseAsync(input);
    if (result.success) return { ok: true, value: result.data };
    const { z } = await zod();
    return { ok: false, problem: z.prettifyError(result.error) };
  } catch (error) {
    // A schema that zod can't read, or a check in it that throws: the call doesn't run, the turn goes on.
    return {
      ok: false,
      problem: `They could not be checked: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
