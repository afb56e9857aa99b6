import { createModels } from '@reprise/providers';
import { describe, expect, it } from 'vitest';
import { fakeIo } from '../test/support/io.ts';
import { chooseModel } from './models.ts';

const choose = (env: Record<string, string>, configured?: string, outTTY = false) => {
  const io = fakeIo({ outTTY });
  return { model: chooseModel(configured, createModels({ env }).list(), io), err: io.stderr() };
};

describe('the model of a new session', () => {
  it('is the one of the configuration', () => {
    expect(choose({ ANTHROPIC_API_KEY: 'k' }, 'my/model').model).toBe('my/model');
  });

  it.each([
    [{ ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k' }, 'anthropic/'],
    [{ OPENAI_API_KEY: 'k' }, 'openai/'],
    [{ GEMINI_API_KEY: 'k' }, 'google/'],
    [{ GOOGLE_GENERATIVE_AI_API_KEY: 'k' }, 'google/'],
  ])('is that of the key in the environment: %j', (env, provider) => {
    expect(choose(env).model.startsWith(provider)).toBe(true);
  });

  it('is demo/offline on a terminal, with a notice', () => {
    const { model, err } = choose({}, undefined, true);
    expect(model).toBe('demo/offline');
    expect(err).toContain('no AI model');
    expect(err).toContain('ANTHROPIC_API_KEY');
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
