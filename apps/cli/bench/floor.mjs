/**
 * The SDK floor, bundled by cli.bench.mjs: what a turn costs with nothing but the provider's package. The same SDK over the same
 * node:http fetch, a bare `doStream` loop, one synced append a record, the tool a plain function.
 */
import { createAnthropic } from '@ai-sdk/anthropic';
import { nodeFetch } from '@reprise/providers/node-fetch';

const { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } = process.getBuiltinModule('node:fs');

const [, , log, baseURL, text] = process.argv;
const model = createAnthropic({ apiKey: 'test', baseURL: `${baseURL}/v1`, fetch: nodeFetch })('claude-sonnet-4-5');
const file = openSync(log, 'a');
const append = (record) => {
  writeSync(file, `${JSON.stringify(record)}\n`);
  fdatasyncSync(file);
};

const read = {
  type: 'function',
  name: 'read',
  description: 'Reads a file.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
};
const prompt = [{ role: 'user', content: [{ type: 'text', text }] }];
append(prompt[0]);
for (let calling = true; calling;) {
  calling = false;
  const { stream } = await model.doStream({ prompt, tools: [read] });
  const content = [];
  const results = [];
  for await (const part of stream) {
    if (part.type === 'text-delta') {
      writeSync(1, part.delta);
      content.push({ type: 'text', text: part.delta });
    }
    if (part.type !== 'tool-call') continue;
    const input = JSON.parse(part.input);
    content.push({ type: 'tool-call', toolCallId: part.toolCallId, toolName: part.toolName, input });
    const output = { type: 'text', value: readFileSync(input.path, 'utf8') };
    results.push({ type: 'tool-result', toolCallId: part.toolCallId, toolName: part.toolName, output });
  }
  prompt.push({ role: 'assistant', content });
  append(prompt.at(-1));
  if (results.length === 0) break;
  prompt.push({ role: 'tool', content: results });
  append(prompt.at(-1));
  calling = true;
}
closeSync(file);
process.exit(0);
