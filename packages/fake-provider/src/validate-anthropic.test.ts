import { expect, test } from 'vitest';
import { validateAnthropicRequest } from './index.ts';

const user = (...content: unknown[]) => ({ role: 'user', content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const text = (value: string) => ({ type: 'text', text: value });
const call = (id: string, name = 'read') => ({ type: 'tool_use', id, name, input: {} });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: 'done' });
const body = (...messages: unknown[]) => ({ model: 'm', max_tokens: 100, messages });
const rules = (value: unknown) => validateAnthropicRequest(value).map((broken) => broken.rule);

test('a full conversation breaks no rule', () => {
  const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
  const good = {
    ...body(
      { role: 'user', content: 'hi' },
      assistant(thinking, { type: 'redacted_thinking', data: 'd' }, text('so'), call('a'), call('b')),
      user(result('b'), result('a'), text('go on')),
      assistant(
        { type: 'server_tool_use', id: 'c', name: 'web_search', input: {} },
        { type: 'web_search_tool_result', tool_use_id: 'c', content: [] },
        text('ok'),
      ),
      user(text('more')),
    ),
    thinking: { type: 'adaptive' },
    system: [text('be good')],
    tools: [{ name: 'read', input_schema: { type: 'object' }, cache_control: { type: 'ephemeral' } }],
  };
  expect(validateAnthropicRequest(good)).toEqual([]);
});

test.each([
  ['body', 'text'],
  ['model', { ...body(user(text('x'))), model: '' }],
  ['max-tokens', { model: 'm', messages: [user(text('x'))] }],
  ['messages', body()],
  ['first-role', body(assistant(text('x')), user(text('y')))],
  ['last-role', body(user(text('x')), assistant(text('y')))],
  ['alternate', body(user(text('x')), user(text('y')))],
  ['empty-text', body(user(text(' \n')))],
  ['empty-content', body(user())],
  ['role', body({ role: 'tool', content: 'x' }, user(text('x')))],
  ['pairing', body(user(text('x')), assistant(call('a'), call('b')), user(result('a')))],
  ['pairing', body(user(text('x')), assistant(call('a')), user(text('no result')))],
  ['pairing', body(user(text('x'), result('z')))],
  ['pairing', body(user(text('x')), assistant(call('a')), user(result('a'), result('a')))],
  [
    'pairing',
    body(
      user(text('x')),
      assistant({ type: 'server_tool_use', id: 'c', name: 'web_search', input: {} }),
      user(text('y')),
    ),
  ],
  ['results-first', body(user(text('x')), assistant(call('a')), user(text('y'), result('a')))],
  [
    'unique-ids',
    body(user(text('x')), assistant(call('a')), user(result('a')), assistant(call('a')), user(result('a'))),
  ],
  ['call-id', body(user(text('x')), assistant(call('a b')), user(result('a b')))],
  ['tool-name', body(user(text('x')), assistant(call('a', 'no such name')), user(result('a')))],
  ['call-input', body(user(text('x')), assistant({ ...call('a'), input: 'text' }), user(result('a')))],
  ['after-call', body(user(text('x')), assistant(call('a'), text('y')), user(result('a')))],
  [
    'signature',
    body(user(text('x')), assistant({ type: 'thinking', thinking: 't', signature: '' }, text('y')), user(text('z'))),
  ],
  [
    'thinking-last',
    body(user(text('x')), assistant({ type: 'thinking', thinking: 't', signature: 's' }), user(text('z'))),
  ],
  [
    'thinking-first',
    {
      ...body(user(text('x')), assistant(call('a')), user(result('a'))),
      max_tokens: 9000,
      thinking: { type: 'enabled', budget_tokens: 2000 },
    },
  ],
  ['thinking-budget', { ...body(user(text('x'))), thinking: { type: 'enabled', budget_tokens: 2000 } }],
  ['tool-schema', { ...body(user(text('x'))), tools: [{ name: 'a', input_schema: {} }] }],
  [
    'tool-name',
    {
      ...body(user(text('x'))),
      tools: [
        { name: 'a', input_schema: { type: 'object' } },
        { name: 'a', input_schema: { type: 'object' } },
      ],
    },
  ],
  [
    'cache-mark',
    body(user(...Array.from({ length: 5 }, () => ({ ...text('x'), cache_control: { type: 'ephemeral' } })))),
  ],
  ['unicode', body(user(text('\ud800')))],
])('%s', (rule, value) => {
  expect(rules(value)).toContain(rule);
});

const image = (data: string, media_type = 'image/png') => ({
  type: 'image',
  source: { type: 'base64', media_type, data },
});
/** A PNG of this size, as far as its header. */
const png = (width: number, height = 1, more = 0) => {
  const bytes = Buffer.alloc(33 + more);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString('base64');
};
const many = (count: number, data: string) => Array.from({ length: count }, () => image(data));

test('images that are taken break no rule', () => {
  const ok = body(
    user(image(png(8000)), image('/9j/4AAQ', 'image/jpeg'), {
      type: 'document',
      source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0x' },
    }),
  );
  expect(rules(ok)).toEqual([]);
  expect(rules(body(user(...many(100, png(2000)))))).toEqual([]);
});

test.each([
  ['media-type', body(user(image('aGVpYw==', 'image/heic')))],
  ['media-type', body(user(image(png(1), 'image/jpeg')))],
  ['media-data', body(user(image('')))],
  ['media-source', body(user({ type: 'image', source: { type: 'data' } }))],
  ['media-size', body(user(image(png(1, 1, 4_000_000))))],
  ['media-edge', body(user(image(png(8001))))],
  ['media-edge', body(user(...many(21, png(2001))))],
  ['media-count', body(user(...many(101, png(1))))],
  ['media-total', body(user(...many(9, png(1, 1, 3_000_000))))],
  ['media-edge', body(user(text('x')), assistant(call('a')), user({ ...result('a'), content: [image(png(9000))] }))],
])('%s of images', (rule, value) => expect(rules(value)).toContain(rule));
