import type { CustomTool } from '../contracts/session.ts';
import type { Tool } from '../contracts/tool.ts';
import { RepriseError } from '../errors.ts';

/** The spec's `{ name, description, parameters, handler }` as a tool; a `Tool` stays what it is. */
export function toTool(given: CustomTool | Tool): Tool {
  if (typeof given !== 'object' || given === null) throw new RepriseError('INVALID_INPUT', 'A tool must be an object.');
  if ('run' in given && typeof given.run === 'function') return given;
  const { name, description, parameters, handler } = given as CustomTool;
  if (typeof handler !== 'function') {
    throw new RepriseError('INVALID_INPUT', `The tool ${String(name)} has no handler.`, {
      hint: 'Give it `handler: async (params) => …`.',
    });
  }
  if (typeof description !== 'string') {
    throw new RepriseError('INVALID_INPUT', `The tool ${String(name)} has no description.`, {
      hint: 'The model reads it to know when to call the tool.',
    });
  }
  if (parameters !== undefined && (typeof parameters !== 'object' || parameters === null)) {
    throw new RepriseError('INVALID_INPUT', `The parameters of ${String(name)} must be a JSON schema or a zod schema.`);
  }
  return {
    name,
    description,
    input: inputOf(name, parameters),
    replay: 'never',
    run: async (input, context) => handler(input, { signal: context.signal }),
  };
}

/** Providers take a schema of type object alone, and refuse every request that offers another. */
function inputOf(name: string, parameters: CustomTool['parameters']): Tool['input'] {
  if (parameters === undefined) return { type: 'object', properties: {} };
  if ('safeParse' in parameters) return parameters;
  if (parameters.type === undefined) return { ...parameters, type: 'object' };
  if (parameters.type === 'object') return parameters;
  throw new RepriseError('INVALID_INPUT', `The parameters of ${name} must be a schema of type object.`, {
    hint: 'Name each argument: { type: "object", properties: { … } }.',
  });
}
