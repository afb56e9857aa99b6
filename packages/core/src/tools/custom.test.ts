import { z } from 'zod';
import { expect, test } from 'vitest';
import { toTool } from './custom.ts';

const tool = (parameters?: object) =>
  toTool({ name: 't', description: 'T.', handler: () => 1, ...(parameters && { parameters }) });

test('parameters are always a schema of type object, which is what every provider takes', () => {
  const properties = { at: { type: 'string' as const } };
  expect(tool().input).toEqual({ type: 'object', properties: {} });
  expect(tool({ type: 'object', properties }).input).toEqual({ type: 'object', properties });
  expect(tool({ properties }).input).toEqual({ type: 'object', properties });
  const schema = z.object({ at: z.string() });
  expect(tool(schema).input).toBe(schema);
});

test.each([[{ type: 'string' }], [{ type: ['object', 'null'] }], [7], [null]])('%j is refused', (parameters) => {
  expect(() => toTool({ name: 't', description: 'T.', handler: () => 1, parameters } as never)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  );
});
