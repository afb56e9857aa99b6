import type { JSONSchema7, JSONValue } from '@ai-sdk/provider';
import type { TurnOptions } from '../contracts/session.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import type { StepRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { checkInput, checkerOf, jsonSchemaOf } from '../tools/schema.ts';
import type { Ending } from './conduct.ts';
import type { TurnContext } from './context.ts';

/** So often a model is told that its answer does not fit. */
const CORRECTIONS = 2;

/** A schema as it is recorded and sent. INVALID_INPUT for one that is not of type object, which not every provider takes. */
export async function outputSchema(output: NonNullable<TurnOptions['output']>): Promise<JSONValue> {
  const schema = await jsonSchemaOf({ input: output }).catch((cause: unknown) => {
    throw new RepriseError('INVALID_INPUT', 'The option output is no schema that can be told to a model.', { cause });
  });
  if (schema.type === 'object') return ('safeParse' in output ? closed(schema) : schema) as JSONValue;
  throw new RepriseError('INVALID_INPUT', 'The schema of an output must be of type object.', {
    hint: 'Name each part: { type: "object", properties: { … } }.',
  });
}

/**
 * What becomes of a turn whose model has nothing more to call: done, with the value that was asked for if one was. `undefined` where the
 * answer does not fit and the model was told so: it is asked again.
 */
export async function answered(context: TurnContext, step: StepRecord, last: boolean): Promise<Ending | undefined> {
  const { live, handle, runtime } = context;
  const { output, corrections = 0 } = live.state.open ?? {};
  if (output === undefined) return { status: 'done', step };
  const judged = await judge(step.content, handle.output ?? (output as JSONSchema7));
  if (judged.ok) return { status: 'done', step, output: judged.value };
  if (last || corrections >= CORRECTIONS) return { status: 'failed', step, error: unfit(judged.problem) };
  const cut = step.finishReason === 'length' ? ' It was cut by the output limit: make it shorter.' : '';
  await live.append({
    type: 'message',
    id: runtime.ids('message'),
    role: 'system',
    content: `Your answer does not fit the schema:\n${judged.problem}${cut}\nAnswer again, with the JSON alone.`,
    timestamp: isoNow(runtime.clock),
    turn: handle.id,
    correction: true,
  });
  return undefined;
}

type Judged = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/** The value in an answer, as the schema gives it. Models that were told in words like to wrap it. */
async function judge(content: string, schema: NonNullable<TurnOptions['output']>): Promise<Judged> {
  for (const text of [content, fenced(content), braced(content)]) {
    if (text === undefined) continue;
    try {
      const value: unknown = JSON.parse(text);
      return await checkInput(checkerOf({ input: schema }), value);
    } catch {
      // Perhaps it is wrapped in something.
    }
  }
  return { ok: false, problem: content.trim() === '' ? 'It is empty.' : 'It is not JSON.' };
}

function fenced(content: string): string | undefined {
  return /```(?:json)?\s*\n([^]*?)\n\s*```/.exec(content)?.[1];
}

function braced(content: string): string | undefined {
  const [first, last] = [content.indexOf('{'), content.lastIndexOf('}')];
  return first >= 0 && last > first ? content.slice(first, last + 1) : undefined;
}

/** Keywords whose values are schemas by name, and those whose values are no schemas. */
const NAMED: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions']);
const VALUES: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

/** Objects of a zod schema hold what it names: some providers insist that this is said. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = each(schema, (value, key) =>
    VALUES.has(key) ? value : NAMED.has(key) ? each(Object(value) as object, closed) : closed(value),
  );
  const open = 'properties' in schema && !('additionalProperties' in schema);
  return { ...inner, ...(open && { additionalProperties: false }) };
}

function each(values: object, change: (value: unknown, key: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}

function unfit(problem: string): Coded {
  return new RepriseError('PROVIDER', `The model’s answer does not fit the schema of the output: ${problem}`, {
    hint: 'Ask again, simplify the schema, or use another model. The session is kept.',
    details: { problem },
  });
}
