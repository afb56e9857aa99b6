import { writeSync } from 'node:fs';
import { isCoded, type SessionHead } from '@reprise/core';
import { fsStorage } from '../src/index.ts';

/** A program that uses a store in its own process: `child.ts hold|append|attach|create|retry ROOT [COUNT]`. Says each step on a line of its own. */
const [what, root = '', count = '1'] = process.argv.slice(2);
const storage = fsStorage({ root });
const say = (line: string): void => void writeSync(1, `${line}\n`);

function head(seq: number): SessionHead {
  const time = '2026-01-02T03:04:05.006Z';
  const tokenUsage = { input: 0, output: 0, total: 0 };
  return {
    id: 'one',
    model: 'm',
    createdAt: time,
    lastMessage: time,
    messageCount: seq,
    tokenUsage,
    tools: [],
    status: 'idle',
    seq,
    checkpoint: 0,
  };
}

function record(n: number): string {
  return JSON.stringify({ n, pad: 'x'.repeat((n * 7919) % 20_000) });
}

async function lease() {
  const there = (await storage.head('one')) !== undefined;
  return storage.acquire('one', { owner: { name: 'child' }, expect: there ? 'existing' : 'new' });
}

try {
  const own = await lease();
  let seq = own.head?.seq ?? 0;
  say(`held ${own.epoch}`);
  if (what === 'hold') {
    setInterval(() => undefined, 1000);
  } else {
    for (let left = Number(count); left > 0; left -= 1) {
      const batch = { expected: seq, records: [record(seq + 1)], head: head(seq + 1) };
      try {
        await storage.append(own, batch);
      } catch (error) {
        if (what !== 'retry' || !isCoded(error)) throw error;
        say(error.code);
        await storage.append(own, batch);
      }
      seq += 1;
      say(`stored ${seq}`);
    }
    if (what === 'attach') {
      const put = await storage.blobs?.put(
        own,
        (async function* () {
          yield Buffer.from('an attachment');
        })(),
      );
      say(`put ${put?.sha256}`);
    }
    await own.release();
    say('released');
  }
} catch (error) {
  say(isCoded(error) ? `${error.code} ${error.message}` : String(error));
  process.exitCode = 1;
}
