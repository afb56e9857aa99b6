import { expect, test } from 'vitest';
import { stage } from './support/stage.ts';

test('a message may bring files; whoever reads it gets their bytes back, and nothing that a browser would run', async () => {
  const { call, ask, session, model } = stage();
  const id = await session();
  const page = Buffer.from('<script>alert(1)</script>');
  const sent = await call('POST', `/v1/sessions/${id}/messages`, {
    content: 'What is this?',
    attachments: [
      { data: page.toString('base64'), mediaType: 'text/html', name: 'page.html' },
      { text: 'plain words', name: 'notes.txt' },
    ],
  });
  expect(sent).toMatchObject({ status: 200, body: { status: 'done' } });
  expect(JSON.stringify(model.requests[0]?.prompt)).toContain('plain words');
  const { body } = await call('GET', `/v1/sessions/${id}/messages`);
  expect(body.items[0].attachments).toMatchObject([
    { mediaType: 'text/html', name: 'page.html', size: page.length },
    { mediaType: 'text/plain', name: 'notes.txt', size: 11 },
  ]);
  const response = await ask(`/v1/sessions/${id}/attachments/${body.items[0].attachments[0].sha256}`);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(page);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await call('GET', `/v1/sessions/${id}/attachments/${'0'.repeat(64)}`)).toMatchObject({ status: 400 });
  expect(await call('GET', `/v1/sessions/${id}/attachments/..%2Fx`)).toMatchObject({ status: 400 });
});

test('a message that says nothing and brings nothing is refused; so is a file that is none', async () => {
  const { call, session } = stage();
  const id = await session();
  for (const body of [{}, { content: '  ' }, { attachments: [{ data: '***' }] }, { attachments: [{ name: 'x' }] }]) {
    expect(await call('POST', `/v1/sessions/${id}/messages`, body)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_INPUT' },
    });
  }
});

test('a message may ask for a value: it is in the answer, at the end of the stream, and of the same key again', async () => {
  const { call, ask, session, model } = stage();
  model.script.push(['{"sum":', '3}']);
  const id = await session();
  const output = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] };
  const first = await call(
    'POST',
    `/v1/sessions/${id}/messages`,
    { content: 'add', output },
    { 'idempotency-key': 'k' },
  );
  expect(first).toMatchObject({ status: 200, body: { output: { sum: 3 }, message: { output: { sum: 3 } } } });
  const again = await call(
    'POST',
    `/v1/sessions/${id}/messages`,
    { content: 'add', output },
    { 'idempotency-key': 'k' },
  );
  expect(again).toMatchObject({ status: 200, body: { output: { sum: 3 }, turn: first.body.turn } });
  expect(model.requests).toHaveLength(1);
  const events = await ask(`/v1/sessions/${id}/events`);
  const reader = events.body?.getReader();
  let text = '';
  while (!text.includes('event: turn_end')) text += new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  expect(/event: turn_end\ndata: (.*)/.exec(text)?.[1]).toContain('"output":{"sum":3}');
});
