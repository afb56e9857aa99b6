import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, bundled, openBrowser, serve } from './support/browser.ts';
import type { Stage } from './support/stage.ts';
import { TOKEN, stage } from './support/stage.ts';

const ADDING = [
  ['Adding. ', { call: 'add', id: 'c1', input: { a: 1, b: 2 } }],
  ['It is ', '3.'],
] as const;

describe.skipIf(CHROMIUM === undefined)('in a page (chromium)', { timeout: 60_000 }, () => {
  let open: Awaited<ReturnType<typeof openBrowser>>;
  let site: Awaited<ReturnType<typeof serve>>;
  let browser: BrowserContext;
  let at: Stage;
  let facts = '';

  beforeAll(async () => {
    const scripts = { '/chat.js': await bundled('chat.tsx'), '/client.js': await bundled('client.ts') };
    const html = (script: string) =>
      `<!doctype html><body><div id="root"></div><script type="application/json" id="facts">${facts}</script><script type="module" src="/${script}"></script>`;
    site = await serve((path) =>
      path === '/chat'
        ? html('chat.js')
        : path === '/client'
          ? html('client.js')
          : scripts[path as keyof typeof scripts],
    );
    open = await openBrowser();
    browser = open.browser;
  }, 60_000);
  afterAll(async () => {
    await open?.close();
    await site?.close();
  });
  afterEach(() => at.close());

  async function page(path: string, more: object = {}): Promise<Page> {
    facts = JSON.stringify({ url: at.url, api: `${at.url}/v1/chat`, token: TOKEN, ...more });
    const opened = await browser.newPage();
    await opened.goto(`${site.origin}${path}`);
    return opened;
  }

  async function say(on: Page, text: string): Promise<void> {
    await on.fill('input', text);
    await on.press('input', 'Enter');
  }

  const shown = (on: Page): Promise<string[]> => on.locator('section').allInnerTexts();

  test('useChat talks, resumes after a reload in mid-answer, and answers anew', async () => {
    const gate = Promise.withResolvers<void>();
    at = await stage({ origins: [site.origin] });
    at.script.push(['Hi', gate.promise, ' there.'], ['Hello.']);
    const chat = await page('/chat', { chat: 'Page1' });
    await say(chat, 'hello');
    await expect.poll(() => shown(chat)).toEqual(['hello', 'Hi']);
    await chat.reload();
    await expect.poll(() => shown(chat)).toEqual(['hello', 'Hi']);
    gate.resolve();
    await expect.poll(() => shown(chat)).toEqual(['hello', 'Hi there.']);
    await expect.poll(() => chat.textContent('#status')).toBe('ready');
    await chat.click('#again');
    await expect.poll(() => shown(chat)).toEqual(['hello', 'Hello.']);
    await chat.close();
  });

  test('useChat asks for approval, also after a reload, and goes on with it', async () => {
    at = await stage(
      { origins: [site.origin] },
      { permissions: { decide: () => ({ verdict: 'ask' }) }, onAsk: 'wait' },
    );
    at.script.push(...ADDING);
    const chat = await page('/chat', { chat: 'Page2' });
    await say(chat, 'add');
    await chat.waitForSelector('.allow');
    await chat.reload();
    await chat.click('.allow');
    await expect.poll(() => shown(chat)).toEqual(['add', 'Adding. [add output-available]It is 3.']);
    await chat.close();
  });

  test('the client of @reprise/client works as in Node', async () => {
    at = await stage({ origins: [site.origin] });
    at.script.push(...ADDING);
    const client = await page('/client');
    await expect.poll(() => client.textContent('#root')).toBe('Adding. [add 3]It is 3. (2 steps)');
    await client.close();
  });

  test('a page of an origin that is not allowed gets nothing', async () => {
    at = await stage();
    const client = await page('/client');
    await expect.poll(() => client.textContent('#root')).toBe('NETWORK');
    expect(await at.remote.list()).toEqual([]);
    await client.close();
  });
});
