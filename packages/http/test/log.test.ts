import { RepriseError, createSessions, memoryStorage } from '@reprise/core';
import { expect, test } from 'vitest';
import { createServer } from '../src/index.ts';
import { logTo } from '../src/log/index.ts';

const TOKEN = 'token-that-nobody-may-see';

function logged() {
  const lines: string[] = [];
  const log = logTo({ write: (line: string) => void lines.push(line) });
  return { ...log, text: () => lines.join(''), entries: () => lines.map((line) => JSON.parse(line) as unknown) };
}

test('requests are told with who, what and how it went, and with nothing that was said', async () => {
  const { audit, report, entries, text } = logged();
  const sessions = createSessions({
    storage: memoryStorage(),
    models: { resolve: () => Promise.reject(new RepriseError('MODEL_NOT_FOUND', 'a secret model')) },
    report,
  });
  const server = createServer(sessions, { tokens: [{ name: 'me', token: TOKEN }], audit, report });
  const ask = (path: string, init: RequestInit = {}, token = TOKEN) =>
    server.fetch(
      new Request(`http://127.0.0.1${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', cookie: 'secret=1' },
      }),
      { address: '10.0.0.1' },
    );
  await ask('/v1/sessions?tag=secret');
  await ask('/v1/sessions/abc/messages', { method: 'POST', body: '{"content":"a secret message"}' });
  await ask('/v1/sessions', {}, 'wrong-token-and-secret');
  expect(entries()).toMatchObject([
    { level: 30, msg: 'request', who: 'me', request: { operation: 'listSessions', status: 200, address: '10.0.0.1' } },
    { level: 30, who: 'me', request: { operation: 'sendMessage', status: 404, session: 'abc' } },
    { level: 30, request: { operation: 'listSessions', status: 401 } },
  ]);
  for (const hidden of ['secret', TOKEN, 'Bearer']) expect(text()).not.toContain(hidden);
  await sessions.close();
});

test('errors of others are told by name and place; ours by what they say', () => {
  const { report, entries, text } = logged();
  report(new Error('sk-ant-secret in a secret message'));
  report(new RepriseError('PROVIDER', 'the provider quotes a secret'));
  report(new RepriseError('STORAGE_FULL', 'The disk is full.', { cause: new Error('a secret cause') }));
  report('a secret text');
  expect(entries()).toMatchObject([
    { level: 50, msg: 'error', error: { name: 'Error' } },
    { error: { code: 'PROVIDER' } },
    { error: { code: 'STORAGE_FULL', text: 'The disk is full.' } },
    { error: { name: 'Error' } },
  ]);
  expect(text()).toContain('log.test.ts');
  expect(text()).not.toContain('secret');
});

test('what should never be in an entry stays out of the log', () => {
  const { audit, text } = logged();
  const entry = {
    at: '',
    method: 'GET',
    status: 200,
    ms: 1,
    authorization: 'secret',
    content: 'secret',
    key: 'secret',
  };
  audit({ ...entry, ...{ headers: { authorization: 'secret' } } });
  expect(text()).toContain('"status":200');
  expect(text()).not.toContain('secret');
});
