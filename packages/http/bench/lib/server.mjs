/** A process that is asked over HTTP: the server, or the least that streams the same chunks. The parent asks for its memory. */
import { createServer as createHttp } from 'node:http';
import { createSessions } from '@reprise/core';
import { createServer } from '@reprise/http';
import { listen } from '@reprise/http/node';
import { fsStorage } from '@reprise/storage-fs';
import { models, words } from './model.mjs';

const [kind = '', root = '', token = ''] = process.argv.slice(2);

/** Minimal: no session, no token, nothing stored. `GET` opens a stream on which nothing comes; `/list` answers what it was told. */
async function floor() {
  let list = '';
  const http = createHttp(async (request, response) => {
    if (request.url === '/list') return void response.setHeader('content-type', 'application/json').end(list);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1000\n\n');
    if (request.method === 'GET') return;
    let body = '';
    for await (const piece of request) body += piece;
    let offset = 0;
    for await (const { type, delta } of words(body)) {
      if (type !== 'text-delta') continue;
      offset += delta.length;
      const data = JSON.stringify({ type: 'text', at: { seq: 2, attempt: 1, offset, reasoning: 0 }, content: delta });
      response.write(`id: 2.1.${offset}.0\nevent: text\ndata: ${data}\n\n`);
    }
    response.end();
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const close = async () => (http.closeAllConnections(), http.close());
  return { url: `http://127.0.0.1:${http.address().port}`, close, tell: (given) => (list = given) };
}

async function reprise() {
  const sessions = createSessions({ storage: fsStorage({ root }), models });
  const limits = { turns: 64, waiting: 1000, streams: 4096 };
  const server = createServer(sessions, { tokens: [{ name: 'bench', token }], defaultModel: 'bench/model', limits });
  const { url, close } = await listen(server);
  return {
    url,
    async fill(count) {
      let made = 0;
      const worker = async () => {
        while (made++ < count) await sessions.create({ model: 'bench/model', title: `session ${made}` });
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    },
    async close() {
      await server.close();
      await close(100);
      await sessions.close();
    },
  };
}

const at = kind === 'floor' ? await floor() : await reprise();
process.on('message', async ({ id, ask, given }) => {
  if (ask === 'memory') {
    // What was let go a moment ago is freed by the second.
    for (let i = 0; i < 3; i += 1) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    return process.send({ id, told: { held: heapUsed + external + arrayBuffers, rss } });
  }
  await at[ask]?.(given);
  process.send({ id, told: null });
  if (ask === 'close') process.disconnect();
});
// Nobody asks any more.
process.on('disconnect', () => process.exit());
process.send({ url: at.url });
