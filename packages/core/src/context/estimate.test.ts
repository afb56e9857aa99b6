import { expect, test } from 'vitest';
import { estimateTokens } from './estimate.ts';

const ENGLISH = `The session engine holds a conversation with a model, runs its tools, keeps it within the context window, and never
loses it. It is built as separately published packages, and people use it in four ways.`;
const CODE = `export function estimateTokens(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) sum += LETTER;
  }
  return Math.ceil(sum);
}`;
const JSON_TEXT =
  '{"id":"msg_01","role":"assistant","usage":{"input":1024,"output":57},"tags":["a","b","c"],"ok":true}';
const CHINESE = '会话引擎与模型保持对话，运行其工具，使其保持在上下文窗口内，并且永远不会丢失它。';
const JAPANESE = 'セッションエンジンはモデルとの会話を保持し、ツールを実行します。';
const KOREAN = '세션 엔진은 모델과의 대화를 유지하고 도구를 실행합니다.';

// Counted with o200k_base-like rules of thumb: 4 to 5 characters of English a token, 3 to 4 of code, 2 to 3 of JSON, about one of CJK.
test.each<[string, string, number, number]>([
  ['English', ENGLISH, 4, 6],
  ['code', CODE, 2.5, 4.5],
  ['JSON', JSON_TEXT, 2, 3.6],
  ['Chinese', CHINESE, 0.8, 1.6],
  ['Japanese', JAPANESE, 0.8, 1.6],
  ['Korean', KOREAN, 0.8, 2],
])('%s has between %3$d and %4$d characters a token', (_name, text, least, most) => {
  const perToken = text.length / estimateTokens(text);
  expect(perToken).toBeGreaterThan(least);
  expect(perToken).toBeLessThan(most);
});

test('nothing is nothing, and more text is never less', () => {
  expect(estimateTokens('')).toBe(0);
  const whole = ENGLISH + CODE + CHINESE + '🙂\ud800';
  for (let i = 1; i <= whole.length; i += 1) {
    expect(estimateTokens(whole.slice(0, i))).toBeGreaterThanOrEqual(estimateTokens(whole.slice(0, i - 1)));
  }
});
