import { expect, test } from 'vitest';
import { classify } from '../model/classify.ts';
import { codedOf } from './build-step.ts';

const hintOf = (statusCode: number, message: string, url?: string) => {
  const error = Object.assign(new Error(message), { statusCode, ...(url !== undefined && { url }) });
  return codedOf(classify(error, 0), error, undefined, 0);
};

test('a 404 that speaks of no model points to the base URL, without what may be secret in it', () => {
  const url = 'https://user:secret@models.example/v2/responses?key=secret';
  const { code, hint } = hintOf(404, 'Not Found', url);
  expect(code).toBe('MODEL_NOT_FOUND');
  expect(hint).toContain('Check the base URL: https://models.example/v2/responses');
  expect(hint).not.toContain('secret');
  expect(hintOf(405, 'Method Not Allowed', url).hint).toContain('Check the base URL');
});

test('a 404 of a model points to its name', () => {
  const url = 'https://models.example/v1/messages';
  const name = 'Check the model’s name and that your account may use it.';
  expect(hintOf(404, 'model: claude-9', url).hint).toBe(name);
  expect(hintOf(404, 'No endpoints found for x.', url).hint).toBe(name);
  expect(hintOf(404, 'Not Found').hint).toBe(name);
});
