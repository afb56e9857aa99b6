import { samplePdf, samplePng } from '@reprise/fake-provider';
import type { Tool, ToolContext } from '@reprise/core';
import { expect, test } from 'vitest';
import { MODELS } from './support.ts';
import { desk } from './wire/desk.ts';

const PNG = Buffer.from(samplePng()).toString('base64');
const PDF = Buffer.from(samplePdf()).toString('base64');
const TEXT = '<file name="x.ts">\nlet x = 1;\n</file>';

const MESSAGE = {
  text: 'Look',
  attachments: [
    { data: samplePng(), name: 'a.png' },
    { data: samplePdf(), name: 'b.pdf' },
    { text: 'let x = 1;', name: 'x.ts' },
  ],
};

/** The user's message in each dialect's words. */
const SENT: readonly (readonly [string, (body: any) => unknown, readonly unknown[]])[] = [
  [
    MODELS.anthropic,
    ({ messages }) => messages[0].content.map(({ cache_control: _mark, ...block }: any) => block),
    [
      { type: 'text', text: '"a.png":' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      { type: 'text', text: '"b.pdf":' },
      { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: PDF }, title: 'b.pdf' },
      { type: 'text', text: TEXT },
      { type: 'text', text: 'Look' },
    ],
  ],
  [
    MODELS['openai-responses'],
    ({ input }) => input.find(({ role }: any) => role === 'user').content,
    [
      { type: 'input_text', text: '"a.png":' },
      { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
      { type: 'input_text', text: '"b.pdf":' },
      { type: 'input_file', filename: 'b.pdf', file_data: `data:application/pdf;base64,${PDF}` },
      { type: 'input_text', text: TEXT },
      { type: 'input_text', text: 'Look' },
    ],
  ],
  [
    MODELS.google,
    ({ contents }) => contents[0].parts,
    [
      { text: '"a.png":' },
      { inlineData: { mimeType: 'image/png', data: PNG } },
      { text: '"b.pdf":' },
      { inlineData: { mimeType: 'application/pdf', data: PDF } },
      { text: TEXT },
      { text: 'Look' },
    ],
  ],
  [
    // A server that says nothing of images.
    MODELS['openai-chat'],
    ({ messages }) => messages.find(({ role }: any) => role === 'user').content,
    [
      { type: 'text', text: expect.stringContaining('"a.png", image/png, 33 bytes, is not shown') },
      { type: 'text', text: expect.stringContaining('"b.pdf", application/pdf') },
      { type: 'text', text: TEXT },
      { type: 'text', text: 'Look' },
    ],
  ],
];

test.each(SENT)('%s is sent files in its own words', async (model, told, parts) => {
  const { sessions, bodies, broken } = desk();
  const session = await sessions.create({ model, tools: [] });
  await session.message(MESSAGE);
  expect(told(bodies[0])).toEqual(parts);
  expect(broken).toEqual([]);
});

const camera: Tool = {
  name: 'camera',
  description: 'Takes a picture.',
  input: { type: 'object', properties: {} },
  replay: 'safe',
  access: () => ({ effect: 'none' }),
  run: (_input: unknown, context: ToolContext) => context.keep(samplePng(), 'image/png'),
  toModel: (output) => [
    { type: 'text', text: 'A picture.' },
    { type: 'blob', sha256: (output as { sha256: string }).sha256, mediaType: 'image/png' },
  ],
};

test.each<[string, (body: any) => unknown, unknown]>([
  [
    MODELS.anthropic,
    ({ messages }) => messages[2].content[0].content,
    [
      { type: 'text', text: 'A picture.' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    ],
  ],
  [
    MODELS['openai-responses'],
    ({ input }) => input.at(-1).output,
    [
      { type: 'input_text', text: 'A picture.' },
      { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
    ],
  ],
  [
    'google/gemini-4-argon',
    ({ contents }) => contents[2].parts[0].functionResponse.parts,
    [{ inlineData: { mimeType: 'image/png', data: PNG } }],
  ],
  [
    MODELS.google,
    ({ contents }) => contents[2].parts.find(({ inlineData }: any) => inlineData),
    { inlineData: { mimeType: 'image/png', data: PNG } },
  ],
  [
    MODELS['openai-chat'],
    ({ messages }) => messages.at(-1).content,
    expect.stringMatching(/^A picture\.\n\(An attached file, image\/png, 33 bytes, is not shown/),
  ],
])('%s is shown what a tool kept', async (model, told, parts) => {
  const { sessions, bodies, answers, broken } = desk();
  const session = (await sessions.create({ model, tools: [] })).registerTool(camera);
  answers.push({ calls: [{ id: 'a', name: 'camera', input: {} }] });
  await session.message('Look');
  expect(told(bodies[1])).toEqual(parts);
  expect(broken).toEqual([]);
});
