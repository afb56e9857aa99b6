import { expect, test } from 'vitest';
import { z } from 'zod';
import { createTools } from '../index.ts';

test('there are six tools, each with a schema that providers take', () => {
  const tools = createTools();
  expect(tools.map(({ name, replay }) => [name, replay])).toEqual([
    ['bash', 'never'],
    ['read', 'safe'],
    ['write', 'never'],
    ['edit', 'never'],
    ['grep', 'safe'],
    ['glob', 'safe'],
  ]);
  for (const tool of tools) {
    const schema = z.toJSONSchema(tool.input as z.ZodType);
    expect(schema.type).toBe('object');
    expect(schema.additionalProperties).toBe(false);
  }
});
