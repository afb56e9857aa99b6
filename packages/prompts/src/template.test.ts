import { expect, test } from 'vitest';
import { PromptTemplate, type PromptTemplateInput } from './template.ts';

test('the four keys of the specification make a prompt', () => {
  const template = PromptTemplate.create({
    role: 'backend developer',
    language: 'typescript',
    framework: 'express',
    style: 'functional',
  });
  expect(template.render()).toBe(`You are an expert backend developer. You help users write, understand, and debug code.

Unless the user says otherwise, work with:
- Language: typescript
- Framework: express
- Style: functional`);
});

test('nothing given still makes a prompt, also when what is given is blank', () => {
  const plain = 'You are an expert coding assistant. You help users write, understand, and debug code.';
  expect(PromptTemplate.create({}).render()).toBe(plain);
  expect(PromptTemplate.create().render()).toBe(plain);
  expect(PromptTemplate.create({ role: ' ', language: '', style: [] } as PromptTemplateInput).render()).toBe(plain);
});

test.each([
  ['a patient teacher', 'You are a patient teacher.'],
  ['The maintainer', 'You are The maintainer.'],
  ['expert in SQL', 'You are an expert in SQL.'],
  ['analyst', 'You are an expert analyst.'],
])('role %j reads as a sentence', (role, opening) => {
  expect(PromptTemplate.create({ role }).render()).toContain(opening);
});

test('other keys are rendered too, in their order, with their names as words', () => {
  const text = PromptTemplate.create({
    testFramework: 'vitest',
    max_line_length: 120,
    strict: true,
    databases: ['postgres', 'sqlite'],
    __notes: 'first\nsecond',
  }).render();
  expect(text.split('\n').slice(3)).toEqual([
    '- Test framework: vitest',
    '- Max line length: 120',
    '- Strict: yes',
    '- Databases: postgres, sqlite',
    '- Notes: first',
    '  second',
  ]);
});

test('a key that comes from parsed JSON cannot reach a prototype', () => {
  const input = JSON.parse('{ "__proto__": "x", "constructor": "y" }') as PromptTemplateInput;
  expect(PromptTemplate.create(input).render()).toMatch(/Proto *: x\n- Constructor: y$/);
});

test.each([
  ['null', null],
  ['a list', ['typescript']],
  ['text', 'backend developer'],
  ['a number as role', { role: 7 }],
  ['null as value', { language: null }],
  ['an object as value', { language: { name: 'ts' } }],
  ['NaN', { width: Number.NaN }],
  ['a function', { style: () => 'x' }],
  ['a nested list', { style: [['x']] }],
])('%s is INVALID_INPUT', (_, input) => {
  expect(() => PromptTemplate.create(input as never)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});

test('later changes of the input do not reach the template, and half characters do not reach the prompt', () => {
  const input = { language: 'c\ud800' };
  const template = PromptTemplate.create(input);
  input.language = 'rust';
  expect(template.render()).toContain('- Language: c\ufffd');
});
