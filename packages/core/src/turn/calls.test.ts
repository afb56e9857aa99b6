import { expect, test } from 'vitest';
import { call, calls, say } from '../../test/support/model.ts';
import { chunksOf, stage, tool } from '../../test/support/stage.ts';

test('a result that is an object prints as what the model was shown, and is the object all the same', async () => {
  const look = tool('look', {
    run: async () => ({ output: 'two lines', lines: 2 }),
    toModel: (output) => [{ type: 'text', text: (output as { output: string }).output }],
  });
  const { sessions, model } = stage({ tools: [look] });
  const session = await sessions.create({ model: 'test/model' });
  model.script.push(calls(call('a', 'look')), say('done'));
  const result = (await chunksOf(session.turn('go'))).find((chunk) => chunk.type === 'tool_result')?.result;
  expect(`${result}`).toBe('two lines');
  expect(result).toEqual({ output: 'two lines', lines: 2 });
  expect(JSON.stringify(result)).toBe('{"output":"two lines","lines":2}');
});
