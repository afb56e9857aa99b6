/** The parent's side: starts servers as processes of their own, and reads event streams with as little as possible. */
import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';

const TOKEN = 'bench-token-0123456789';
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** `ask('memory' | 'fill' | 'tell' | 'close', given)` is answered by the process. */
export async function start(kind, root = '') {
  const child = fork(join(import.meta.dirname, 'server.mjs'), [kind, root, TOKEN], { execArgv: process.execArgv });
  const waiting = new Map();
  const { url } = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${kind}: exit ${code}`)));
  });
  child.on('message', ({ id, told }) => waiting.get(id)?.(told));
  let asked = 0;
  const ask = (what, given) =>
    new Promise((resolve) => {
      const id = (asked += 1);
      waiting.set(id, resolve);
      child.send({ id, ask: what, given });
    });
  return {
    url,
    ask,
    async close() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      await ask('close');
      await gone;
    },
  };
}

/** The answer's JSON. */
export function call(url, method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method, agent, headers: headersOf(body, headers) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece) => (text += piece));
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode >= 400) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        else resolve(text === '' ? undefined : JSON.parse(text));
      });
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Hands each event to `take(event, data)`; resolves when the stream ends or `take` says false, which drops the connection. */
export function stream(url, method, path, body, take, headers = {}, { signal, opened } = {}) {
  return new Promise((resolve, reject) => {
    const options = { method, headers: { ...headersOf(body, headers), accept: 'text/event-stream' }, agent: false };
    const ended = (error) => (error.code === 'ECONNRESET' || signal?.aborted ? resolve() : reject(error));
    const sent = request(url + path, options, (response) => {
      if (response.statusCode >= 400) return reject(new Error(`${method} ${path}: ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8');
      if (opened) response.once('data', opened);
      let dropped = false;
      response.on('data', (piece) => {
        // What was read before the connection was dropped may still come.
        if (dropped) return;
        text += piece;
        for (let end; (end = text.indexOf('\n\n')) !== -1; text = text.slice(end + 2)) {
          if (take(eventOf(text.slice(0, end))) !== false) continue;
          dropped = true;
          response.destroy();
          return resolve();
        }
      });
      response.once('end', resolve);
      response.once('error', ended);
      response.once('close', resolve);
    });
    sent.once('error', ended);
    signal?.addEventListener('abort', () => sent.destroy(), { once: true });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function headersOf(body, headers) {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return { authorization: `Bearer ${TOKEN}`, ...type, ...headers };
}

function eventOf(block) {
  const event = { id: undefined, type: undefined, data: undefined };
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) event.id = line.slice(4);
    else if (line.startsWith('data: ')) event.data = JSON.parse(line.slice(6));
  }
  event.type = event.data?.type;
  return event;
}

export function row(group, name, unit, samples, baseline) {
  const sorted = samples.toSorted((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)];
  return { group, name, unit, median, min, max, ...(baseline && { baseline }) };
}
