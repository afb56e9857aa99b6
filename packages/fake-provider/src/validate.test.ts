import { describe, expect, test } from 'vitest';
import { validateChatRequest, validateGoogleRequest, validateRequest, validateResponsesRequest } from './index.ts';
import type { BrokenRule } from './index.ts';

const rules = (broken: readonly BrokenRule[]) => broken.map(({ rule }) => rule);

describe('OpenAI responses', () => {
  const user = (text: string) => ({ role: 'user', content: [{ type: 'input_text', text }] });
  const said = (text: string) => ({ role: 'assistant', content: [{ type: 'output_text', text }] });
  const call = (id: string, more = {}) => ({
    type: 'function_call',
    call_id: id,
    name: 'read',
    arguments: '{}',
    ...more,
  });
  const output = (id: string) => ({ type: 'function_call_output', call_id: id, output: '' });
  const thought = (id: string, more = {}) => ({ type: 'reasoning', id, encrypted_content: 'x', summary: [], ...more });
  const body = (...input: object[]) => ({ model: 'gpt-5', store: false, input });

  test('a good request breaks nothing', () => {
    const good = body(
      { role: 'developer', content: 'Be brief.' },
      user('Hi'),
      thought('rs_1'),
      said('I look.'),
      call('a', { id: 'fc_1' }),
      call('b'),
      output('b'),
      output('a'),
    );
    expect(validateResponsesRequest(good)).toEqual([]);
    expect(validateRequest({ dialect: 'openai-responses', path: '/v1/responses', json: good })).toEqual([]);
  });

  test.each([
    ['body', 'text'],
    ['model', { ...body(user('x')), model: '' }],
    ['temperature', { ...body(user('x')), temperature: 0.7 }],
    ['unknown', { ...body(user('x')), stop: ['x'] }],
    ['max-tokens', { ...body(user('x')), max_output_tokens: 3 }],
    ['input', body()],
    ['unique-ids', body(thought('rs_1'), thought('rs_1'), said('x'), user('y'))],
    ['unique-ids', body(call('a'), output('a'), call('a'), output('a'))],
    ['role', body({ role: 'tool', content: 'x' }, user('x'))],
    ['empty-text', body(user(' '))],
    ['empty-content', body({ role: 'user', content: [] })],
    ['part', body({ role: 'assistant', content: [{ type: 'input_text', text: 'x' }] }, user('x'))],
    ['encrypted', body(thought('rs_1', { encrypted_content: null }), said('x'), user('y'))],
    ['summary', body(thought('rs_1', { summary: undefined }), said('x'), user('y'))],
    ['reasoning-last', body(thought('rs_1'), user('y'))],
    ['reference', body({ type: 'item_reference', id: 'msg_1' }, user('y'))],
    ['item', body({ type: 'tool_use' }, user('y'))],
    ['call-id', body(call(''), user('y'))],
    ['tool-name', body(call('a', { name: 'a b' }), output('a'))],
    ['arguments', body(call('a', { arguments: '[]' }), output('a'))],
    ['item-id', body(call('a', { id: 'msg_1' }), output('a'))],
    ['pairing', body(call('a'), user('y'))],
    ['pairing', body(user('y'), output('a'))],
    ['pairing', body(call('a'), output('a'), output('a'))],
    ['output', body(call('a'), { type: 'function_call_output', call_id: 'a' })],
    ['last-role', body(user('x'), said('y'))],
    ['tool-schema', { ...body(user('x')), tools: [{ type: 'function', name: 'a', parameters: {} }] }],
    ['unicode', body(user('\ud800'))],
  ])('%s', (rule, value) => expect(rules(validateResponsesRequest(value))).toContain(rule));
});

describe('OpenAI chat', () => {
  const user = (content: unknown) => ({ role: 'user', content });
  const said = (content: unknown, ...calls: object[]) => ({
    role: 'assistant',
    content,
    ...(calls.length > 0 && { tool_calls: calls }),
  });
  const call = (id: string, more = {}) => ({
    id,
    type: 'function',
    function: { name: 'read', arguments: '{}', ...more },
  });
  const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: '' });
  const body = (...messages: object[]) => ({ model: 'm', messages });

  test('a good request breaks nothing', () => {
    const good = body(
      { role: 'system', content: 'Be brief.' },
      user('Hi'),
      said(null, call('a'), call('b')),
      result('b'),
      result('a'),
      said('Both.'),
      user([{ type: 'text', text: 'Thanks' }]),
    );
    expect(validateChatRequest(good)).toEqual([]);
  });

  test.each([
    ['model', { messages: [user('x')] }],
    ['temperature', { ...body(user('x')), temperature: 3 }],
    ['stop', { ...body(user('x')), stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['tools', { ...body(user('x')), tools: [] }],
    ['messages', body()],
    ['pairing', body(user('x'), result('a'))],
    ['pairing', body(user('x'), said('', call('a')), user('y'))],
    ['pairing', body(user('x'), said('', call('a')))],
    ['output', body(user('x'), said('', call('a')), { role: 'tool', tool_call_id: 'a' })],
    ['system-first', body(user('x'), { role: 'system', content: 'y' }, user('z'))],
    ['role', body({ role: 'model', content: 'x' }, user('y'))],
    ['first-role', body(said('x'), user('y'))],
    ['alternate', body(user('x'), user('y'))],
    ['alternate', body(user('x'), said('', call('a')), result('a'), user('y'))],
    ['last-role', body(user('x'), said('y'))],
    ['empty-text', body(user(' '))],
    ['empty-content', body(user('x'), said(''), user('y'))],
    ['tool-calls', body(user('x'), { ...said('y'), tool_calls: [] }, user('z'))],
    ['call-id', body(user('x'), said('', call('a'.repeat(41))), result('a'.repeat(41)))],
    ['unique-ids', body(user('x'), said('', call('a')), result('a'), said('', call('a')), result('a'))],
    ['call-type', body(user('x'), said('', { ...call('a'), type: 'tool' }), result('a'))],
    ['tool-name', body(user('x'), said('', call('a', { name: '' })), result('a'))],
    ['arguments', body(user('x'), said('', call('a', { arguments: '{' })), result('a'))],
  ])('%s', (rule, value) => expect(rules(validateChatRequest(value))).toContain(rule));
});

describe('Google', () => {
  const user = (...parts: object[]) => ({ role: 'user', parts });
  const model = (...parts: object[]) => ({ role: 'model', parts });
  const text = (value: string) => ({ text: value });
  const call = (name: string, more = {}) => ({ functionCall: { name, args: {} }, thoughtSignature: 'c2ln', ...more });
  const result = (name: string) => ({ functionResponse: { name, response: { content: 'x' } } });
  const body = (...contents: object[]) => ({ contents });

  test('a good request breaks nothing', () => {
    const good = {
      ...body(
        user(text('Hi')),
        model({ text: 'hm', thought: true }, call('read'), call('glob', { thoughtSignature: undefined })),
        user(result('read'), result('glob')),
      ),
      systemInstruction: { parts: [text('Be brief.')] },
    };
    expect(validateGoogleRequest(good, 'gemini-3-pro')).toEqual([]);
  });

  test.each([
    ['contents', body()],
    ['role', body({ role: 'assistant', parts: [text('x')] }, user(text('x')))],
    ['first-role', body(model(text('x')), user(text('x')))],
    ['alternate', body(user(text('x')), user(text('y')))],
    ['last-role', body(user(text('x')), model(text('y')))],
    ['empty-content', body(user())],
    ['empty-text', body(user(text('')))],
    ['empty-text', { ...body(user(text('x'))), systemInstruction: { parts: [text('')] } }],
    ['part', body(user({}))],
    ['part', body(user({ text: 'x', inlineData: {} }))],
    ['pairing', body(user(text('x')), model(call('a'), call('b')), user(result('b'), result('a')))],
    ['pairing', body(user(text('x')), model(call('a')), user(text('y')))],
    ['pairing', body(user(text('x'), result('a')))],
    ['signature', body(user(text('x')), model({ text: 'y', thoughtSignature: 'no base64!' }), user(text('z')))],
    ['signature', body(user(text('x')), model(call('a', { thoughtSignature: undefined })), user(result('a')))],
    ['call-role', body(user(call('a')))],
    ['tool-name', body(user(text('x')), model(call('1a')), user(result('1a')))],
    ['arguments', body(user(text('x')), model({ functionCall: { name: 'a', args: [] } }), user(result('a')))],
    ['output', body(user(text('x')), model(call('a')), user({ functionResponse: { name: 'a', response: 'x' } }))],
    ['stop', { ...body(user(text('x'))), generationConfig: { stopSequences: ['1', '2', '3', '4', '5', '6'] } }],
  ])('%s', (rule, value) => expect(rules(validateGoogleRequest(value, 'gemini-3-pro'))).toContain(rule));
});

describe('images and files', () => {
  const png = `data:image/png;base64,iVBORw0KGgoAAAA=`;
  const responses = (...content: object[]) =>
    validateResponsesRequest({ model: 'gpt-5', store: false, input: [{ role: 'user', content }] });
  const chat = (...content: object[]) => validateChatRequest({ model: 'm', messages: [{ role: 'user', content }] });
  const google = (...parts: object[]) => validateGoogleRequest({ contents: [{ role: 'user', parts }] }, 'gemini-3-pro');
  const inline = (mimeType: string, data: string) => ({ inlineData: { mimeType, data } });

  test('what is taken breaks nothing', () => {
    const pdf = { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0x' };
    expect(responses({ type: 'input_image', image_url: png }, pdf)).toEqual([]);
    expect(chat({ type: 'image_url', image_url: { url: png } })).toEqual([]);
    expect(google(inline('image/png', 'iVBORw0KGgoAAAA='), inline('application/pdf', 'JVBERi0x'))).toEqual([]);
  });

  test.each([
    ['media-data', () => responses({ type: 'input_image', image_url: 'x' })],
    ['media-type', () => responses({ type: 'input_image', image_url: 'data:image/tiff;base64,SUkq' })],
    ['media-name', () => responses({ type: 'input_file', file_data: 'data:application/pdf;base64,JVBERi0x' })],
    ['media-type', () => chat({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } })],
    ['media-type', () => google(inline('image/gif', 'R0lGODlh'))],
    ['media-total', () => google(inline('image/png', `iVBORw0KGgo${'A'.repeat(21_000_000)}`))],
  ])('%s', (rule, broken) => expect(rules(broken())).toContain(rule));
});
