import { expect, it } from 'vitest';
import { nearest } from './nearest.ts';

const names = ['run', 'session', 'models', '--output-format', '--session'];

it.each([
  ['rnu', 'run'],
  ['sesion', 'session'],
  ['model', 'models'],
  ['--output-fromat', '--output-format'],
  ['--outputformat', '--output-format'],
  ['--sess', '--session'],
])('%s is a slip of %s', (word, name) => expect(nearest(word, names)).toBe(name));

it.each(['xyz', 'deploy', '', 'a'.repeat(10_000)])('%.10s is near nothing', (word) =>
  expect(nearest(word, names)).toBeUndefined(),
);
