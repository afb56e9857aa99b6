import type { JSONSchema7 } from '@ai-sdk/provider';
import type { ZodType } from 'zod';
import type { Tool } from '../contracts/tool.ts';

/** zod is loaded at the first schema that needs it: a start that calls no tool does without. */
const zod = () => import('zod');

function isZod(schema: ZodType | JSONSchema7): schema is ZodType {
  return 'safeParse' in schema && typeof schema.safeParse === 'function';
}

/** The input schema as the model is told it. */
export async function jsonSchemaOf(tool: Tool): Promise<JSONSchema7> {
  const input = tool.input;
  if (!isZod(input)) return input as JSONSchema7;
  const { z } = await zod();
  const { $schema: _schema, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return schema as JSONSchema7;
}

export type Checked = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** The input as the tool takes it, or what is wrong with it in the words that the model is told. */
export async function checkInput(tool: Tool, input: unknown): Promise<Checked> {
  const { z } = await zod();
  try {
    const schema = isZod(tool.input)
      ? tool.input
      : z.fromJSONSchema(tool.input as Parameters<typeof z.fromJSONSchema>[0]);
    const result = await schema.safeParseAsync(input);
    return result.success ? { ok: true, value: result.data } : { ok: false, problem: z.prettifyError(result.error) };
  } catch (error) {
    // A schema that zod can't read, or a check in it that throws: the call doesn't run, the turn goes on.
    return {
      ok: false,
      problem: `They could not be checked: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
