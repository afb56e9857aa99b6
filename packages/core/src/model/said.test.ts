import { expect, test } from 'vitest';
import { saidIn } from './said.ts';

const page = (title: string, body: string) =>
  `<!DOCTYPE html>\n<html><head><title>${title}</title><style>p { color: red }</style></head><body>${body}</body></html>`;

test.each<[string, string, string | undefined]>([
  ['OpenAI', '{"error":{"message":"Bad key","type":"x","code":null}}', 'Bad key'],
  ['Anthropic', '{"type":"error","error":{"type":"x","message":"no"}}', 'no'],
  ['Google, in a list', '[{"error":{"code":400,"message":"API key not valid."}}]', 'API key not valid.'],
  [
    'Ollama',
    '{"error":"model \\"qwen\\" not found, try pulling it first"}',
    'model "qwen" not found, try pulling it first',
  ],
  ['FastAPI', '{"detail":"Not Found"}', 'Not Found'],
  ['FastAPI, of a field', '{"detail":[{"loc":["body","n"],"msg":"field required"}]}', 'field required'],
  ['a gateway', '{"message":"no Route matched","request_id":"1"}', 'no Route matched'],
  ['problem details', '{"title":"Too large","status":413}', 'Too large'],
  ['JSON without a message', '{"ok":false}', '{"ok":false}'],
  ['JSON that is cut', '{"error":{"mess', '{"error":{"mess'],
  ['JSON with a prototype', '{"__proto__":{"message":"x"}}', '{"__proto__":{"message":"x"}}'],
  [
    'nginx',
    page('502 Bad Gateway', '<center><h1>502 Bad Gateway</h1></center><hr>nginx/1.27'),
    '502 Bad Gateway nginx/1.27',
  ],
  [
    'Cloudflare',
    page('Just a moment...', '<script>let a = "<b>";</script><p>Enable  JavaScript</p>'),
    'Just a moment... Enable JavaScript',
  ],
  ['a page that is cut', '<html><head><title>Sign in</title><script>var x', 'Sign in'],
  ['text', ' upstream\n\n exploded ', 'upstream exploded'],
  ['nothing', ' \n', undefined],
  ['an empty object', '{}', undefined],
])('%s', (_server, body, said) => expect(saidIn(body)).toBe(said));

test('a long text is cut, between characters and without reading all of it', () => {
  expect(saidIn(`${'x'.repeat(299)}🦊${'y'.repeat(50_000_000)}`)).toMatch(/^x{299}.…$/u);
  expect(saidIn(`<p>${'<'.repeat(1_000_000)}`)).toHaveLength(301);
});
