import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mendedObject } from './mend.ts';

test.each<[string, string, object]>([
  ['in a code fence', '```json\n{"at":"x"}\n```', { at: 'x' }],
  ['in a fence without a name', '```\n{"at":"x"}```', { at: 'x' }],
  ['as a text', '"{\\"at\\":\\"x\\"}"', { at: 'x' }],
  ['a comma at the end', '{"at":"x","n":[1,2,],}', { at: 'x', n: [1, 2] }],
  ['a brace too many', '{"at":{"b":1}}}', { at: { b: 1 } }],
  ['single quotes', "{'at': 'a \"b\" c', 'n': 1}", { at: 'a "b" c', n: 1 }],
  ['an escaped single quote', "{'at': 'it\\'s'}", { at: "it's" }],
  ['bare keys', '{at: "x", $b_1: true}', { at: 'x', $b_1: true }],
  ['Python’s words', '{"a": True, "b": False, "c": None}', { a: true, b: false, c: null }],
  ['a line break within a text', '{"at":"a\nb\tc"}', { at: 'a\nb\tc' }],
  ['escapes', '{"at":"\\u00e9\\n\\/",}', { at: 'é\n/' }],
  ['a key of the prototype’s', '{"__proto__": 1,}', JSON.parse('{"__proto__": 1}') as object],
])('%s', (_name, text, wanted) => {
  expect(mendedObject(text)).toEqual(wanted);
});

test.each([
  ['what ends too early', '{"at":"x"'],
  ['… after a comma', '{"at":"x",'],
  ['… in a text', '{"at":"x'],
  ['… in a list', '{"at":[1,2}'],
  ['… in an open fence', '```json\n{"at":"x"'],
  ['two objects', '{"at":"x"}{"at":"y"}'],
  ['words around it', 'Sure: {"at":"x"}'],
  ['a comma too few', '{"a":1 "b":2}'],
  ['one key twice', '{"a":1,"a":2,}'],
  ['an apostrophe in single quotes', "{'at': 'it's'}"],
  ['an escape that is none', '{"at":"C:\\dir",}'],
  ['a bare word', '{"at": x}'],
  ['a list', '[1,]'],
  ['a number', '7'],
  ['nothing', ''],
  ['an abyss', `{"a":${'['.repeat(5000)}`],
])('only one thing can be meant, so not: %s', (_name, text) => {
  expect(mendedObject(text)).toBeUndefined();
});

test('JSON is read as JSON is, and no beginning of it is read at all', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 }), fc.nat(), (value, cut) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(mendedObject(text))).toBe(JSON.stringify(JSON.parse(text)));
      expect(mendedObject(text.slice(0, cut % text.length))).toBeUndefined();
    }),
    { numRuns: 300, seed: 20_261_126 },
  );
});
