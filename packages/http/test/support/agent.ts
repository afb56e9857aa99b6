import { defineTool } from '@reprise/core';

/** Hands its prompt to a sub-session, and gives what came of it. */
export const AGENT = defineTool<{ prompt: string }, unknown>({
  name: 'agent',
  description: 'Hands work on.',
  input: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
  replay: 'never',
  run: async ({ prompt }, context) => (await context.spawn({ prompt }).outcome()).message?.content,
});
