import { createModels } from '@reprise/providers';
import { describe, expect, it } from 'vitest';
import { defaultModel } from './default-model.ts';

const choose = (env: Record<string, string>, configured?: string, terminal = false) =>
  defaultModel(configured, createModels({ env }).list(), { terminal });

describe('the model of a new session', () => {
  it('is the one of the configuration', () => {
    expect(choose({ ANTHROPIC_API_KEY: 'k' }, 'my/model')).toEqual({ name: 'my/model' });
  });

  it.each([
    [{ ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k' }, 'anthropic/'],
    [{ OPENAI_API_KEY: 'k' }, 'openai/'],
    [{ GEMINI_API_KEY: 'k' }, 'google/'],
    [{ GOOGLE_GENERATIVE_AI_API_KEY: 'k' }, 'google/'],
    [{ OPENROUTER_API_KEY: 'k' }, 'openrouter/openrouter/auto'],
    [{ OPENROUTER_API_KEY: 'k', GEMINI_API_KEY: 'k' }, 'google/'],
  ])('is that of the key in the environment: %j', (env, provider) => {
    expect(choose(env).name.startsWith(provider)).toBe(true);
  });

  it('is demo/offline on a terminal, with a notice', () => {
    const { name, notice } = choose({}, undefined, true);
    expect(name).toBe('demo/offline');
    expect(notice?.message).toContain('no AI model');
    expect(notice?.hint).toContain('ANTHROPIC_API_KEY');
  });

  it('is missing in a pipe: AUTH, with what to do', () => {
    expect(() => choose({})).toThrow(
      expect.objectContaining({
        code: 'AUTH',
        hint: expect.stringMatching(/ANTHROPIC_API_KEY.*--model demo\/offline/s),
      }),
    );
  });
});
