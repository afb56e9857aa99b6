import { expect, test } from 'vitest';
import { anthropic, google } from '@reprise/fake-provider';
import { MODELS, stageForEach } from './support.ts';

const stage = stageForEach();

const KEY = `sk-ant-api03-${'aB3'.repeat(27)}`;
const STARS = `sk-ant-${'*'.repeat(KEY.length - 'sk-ant-'.length)}`;

test('an export shows no key; model, history and disk hold what was said, and so does an export that is told to', async () => {
  const session = await stage.sessions.create({ model: MODELS.anthropic, tools: [], title: `Use ${KEY}` });
  session.registerTool({ name: 'env', description: 'Reads.', handler: () => ({ found: [KEY] }) });
  const blocks = [
    { type: 'thinking', thinking: `It is ${KEY}.`, signature: 'c2lnLTE=' },
    { type: 'thinking', thinking: 'It is secret.', signature: 'c2lnLTI=' },
    { type: 'text', text: `I found ${KEY}, so` },
    { type: 'tool_use', id: 'a', name: 'env', input: { key: KEY } },
  ] as const;
  stage.fake.script('anthropic', anthropic.message({ blocks }), anthropic.message({ text: 'Done.' }));
  await session.message(`My key is ${KEY}.`);
  expect(stage.fake.requests[1]?.text.split(KEY)).toHaveLength(6);
  expect((await session.getMessages())[0]?.content).toBe(`My key is ${KEY}.`);

  const exported = await session.export();
  expect(JSON.stringify(exported)).not.toContain(KEY);
  expect(exported.messages[0]?.content).toBe(`My key is ${STARS}.`);
  expect(exported.messages[1]).toMatchObject({
    content: `I found ${STARS}, so`,
    toolCalls: [{ params: { key: STARS } }],
    toolResults: [{ result: { found: [STARS] } }],
  });
  expect(exported.metadata.title).toBe(`Use ${STARS}`);

  // It goes on from there: what was signed for another text is left out, and what was not touched is there.
  const imported = await stage.sessions.import(exported, { newId: true });
  imported.registerTool({ name: 'env', description: 'Reads.', handler: () => '' });
  stage.fake.script('anthropic', anthropic.message({ text: 'Yes.' }));
  expect((await imported.message('Sure?')).content).toBe('Yes.');
  const sent = stage.fake.requests.at(-1)?.text ?? '';
  expect(sent).not.toContain(KEY);
  expect(sent).toContain(`I found ${STARS}, so`);
  expect(sent).toContain('c2lnLTI=');
  expect(sent).not.toContain('c2lnLTE=');

  const whole = await session.export({ redact: false });
  expect(whole.messages).toEqual(await session.getMessages());
  expect(JSON.stringify(whole.records)).toContain('c2lnLTE=');
});

test('what was signed for a text with a key in it is not sent with the text without', async () => {
  const signed = (text: string, thoughtSignature: string) => google.message({ parts: [{ text, thoughtSignature }] });
  stage.fake.script('google', signed(`It is ${KEY}.`, 'c2lnLTE='), signed('It is secret.', 'c2lnLTI='));
  const session = await stage.sessions.create({ model: MODELS.google, tools: [] });
  await session.message('Tell');
  await session.message('Tell');
  const imported = await stage.sessions.import(await session.export(), { newId: true });
  stage.fake.script('google', google.message({ text: 'Yes.' }));
  await imported.message('Sure?');
  const [first, second] = stage.fake.requests
    .at(-1)
    ?.json.contents.filter(({ role }: { role: string }) => role === 'model');
  expect(first.parts).toEqual([{ text: `It is ${STARS}.` }]);
  expect(second.parts).toEqual([{ text: 'It is secret.', thoughtSignature: 'c2lnLTI=' }]);
});

test('a provider that says the key back does not make it show: not in the error, and not in what is kept of it', async () => {
  const session = await stage.sessions.create({ model: MODELS.anthropic, tools: [] });
  const refusal = `invalid x-api-key: ${KEY}`;
  stage.fake.script('anthropic', { status: 401, body: anthropic.errorBody('authentication_error', refusal) });
  const error = await session.message('Hi').catch((failure: Error) => failure);
  expect(error).toMatchObject({ code: 'AUTH', message: `invalid x-api-key: ${STARS}` });
  expect(JSON.stringify((await session.export({ redact: false })).records)).not.toContain(KEY);
});
