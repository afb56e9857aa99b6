import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createServer } from '../src/index.ts';
import type { RequestEntry } from '../src/index.ts';
import { listen } from '../src/node/index.ts';
import type { Listening } from '../src/node/index.ts';
import { CHROMIUM, openBrowser, site } from './support/browser.ts';
import { TOKEN, stage } from './support/stage.ts';

/** What a page gets, as its script sees it: a status, or `refused` where the browser gives it nothing. */
interface Tried {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly mode?: 'cors' | 'no-cors';
}

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

describe.skipIf(CHROMIUM === undefined)('in a page (chromium)', { timeout: 60_000 }, () => {
  let open: Awaited<ReturnType<typeof openBrowser>>;
  let browser: BrowserContext;
  let foreign: Awaited<ReturnType<typeof site>>;
  let listening: Listening;
  let server: ReturnType<typeof createServer>;
  let sessions: ReturnType<typeof stage>['sessions'];
  const entries: RequestEntry[] = [];

  beforeAll(async () => {
    foreign = await site();
    ({ sessions } = stage());
    server = createServer(sessions, {
      tokens: [{ name: 'test', token: TOKEN }],
      origins: [`http://friend.test:${foreign.port}`],
      defaultModel: 'test/model',
      audit: (entry) => entries.push(entry),
    });
    listening = await listen(server);
    open = await openBrowser(['evil.test', 'friend.test']);
    browser = open.browser;
  }, 60_000);
  afterAll(async () => {
    await open?.close();
    await server?.close();
    await listening?.close();
    await foreign?.close();
    await sessions?.close();
  });
  beforeEach(() => void entries.splice(0));

  async function page(url: string): Promise<Page> {
    const opened = await browser.newPage();
    await opened.goto(url);
    return opened;
  }

  const evil = () => page(`http://evil.test:${foreign.port}/`);
  const friend = () => page(`http://friend.test:${foreign.port}/`);

  const from = (on: Page, what: Tried): Promise<string> =>
    on.evaluate(async ({ url, ...init }) => {
      try {
        const answer = await fetch(url, init);
        return answer.type === 'opaque' ? 'opaque' : String(answer.status);
      } catch {
        return 'refused';
      }
    }, what);

  /** Whether an EventSource ever opened; it is told of its failure at once. */
  const opens = (on: Page, url: string): Promise<string> =>
    on.evaluate(
      (address) =>
        new Promise<string>((resolve) => {
          const source = new EventSource(address);
          const end = (word: string): void => {
            source.close();
            resolve(word);
          };
          source.onopen = () => end('open');
          source.onerror = () => end('refused');
        }),
      url,
    );

  test('a domain name that was pointed at this machine reaches nothing, with the token and all', async () => {
    const rebound = `http://evil.test:${listening.port}`;
    const on = await browser.newPage();
    // The name led to the attacker's page first: for the browser that page and the server are of one origin, and no rule of its own
    // stands between them.
    const html = { contentType: 'text/html', body: '<!doctype html><title>evil</title>' };
    await on.route(`${rebound}/`, (route) => route.fulfill(html));
    await on.goto(`${rebound}/`);
    expect(await from(on, { url: `${rebound}/v1/health` })).toBe('403');
    expect(await from(on, { url: `${rebound}/v1/sessions`, headers: AUTHORIZED })).toBe('403');
    const made = { url: `${rebound}/v1/sessions`, method: 'POST', headers: AUTHORIZED };
    expect(await from(on, made)).toBe('403');
    expect(await opens(on, `${rebound}/v1/health`)).toBe('refused');
    expect(entries.every(({ status, operation }) => status === 403 && operation === undefined)).toBe(true);
    expect(await sessions.list()).toEqual([]);
  });

  test('a page of another origin reads nothing and does nothing', async () => {
    const on = await evil();
    const url = `${listening.url}/v1/sessions`;
    expect(await from(on, { url, headers: AUTHORIZED })).toBe('refused');
    expect(await from(on, { url: `${listening.url}/v1/health` })).toBe('refused');
    // What a browser sends without asking first.
    const simple = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"title":"evil"}' };
    expect(await from(on, { url, ...simple })).toBe('refused');
    await from(on, { url, ...simple, mode: 'no-cors' });
    expect(entries.length).toBeGreaterThan(2);
    expect(entries.map(({ status }) => status).filter((status) => status !== 403)).toEqual([]);
    expect(await sessions.list()).toEqual([]);
  });

  test('a page of another origin follows nothing', async () => {
    const on = await evil();
    expect(await opens(on, `${listening.url}/v1/sessions/some/events`)).toBe('refused');
    expect(entries).toMatchObject([{ status: 403 }]);
  });

  test('a form of another site sends nothing that counts', async () => {
    const on = await evil();
    await on.setContent(
      `<form method="post" enctype="text/plain" action="${listening.url}/v1/sessions"><input name="a" value="b"></form>`,
    );
    const answered = on.waitForResponse(`${listening.url}/v1/sessions`);
    await on.evaluate(() => document.forms[0]?.submit());
    expect((await answered).status()).toBe(403);
    expect(await sessions.list()).toEqual([]);
  });

  test('a page whose origin is allowed may ask, with a token', async () => {
    const on = await friend();
    const url = `${listening.url}/v1/sessions`;
    expect(await from(on, { url })).toBe('401');
    expect(await from(on, { url, headers: AUTHORIZED })).toBe('200');
    const json = { ...AUTHORIZED, 'content-type': 'application/json' };
    expect(await from(on, { url, method: 'POST', headers: json, body: '{"title":"friend"}' })).toBe('201');
    const plain = { ...AUTHORIZED, 'content-type': 'text/plain' };
    expect(await from(on, { url, method: 'POST', headers: plain, body: '{"title":"no"}' })).toBe('415');
    expect((await sessions.list()).map(({ title }) => title)).toEqual(['friend']);
  });
});
