import { expect, test } from 'vitest';
import { fold } from '../../test/support/fold.ts';
import { png } from '../../test/support/files.ts';
import { infoOf } from '../../test/support/stage.ts';
import { ManualClock } from '../../test/support/clock.ts';
import { RepriseError } from '../errors.ts';
import type { Rec, StoredFile } from '../records/types.ts';
import type { TurnContext } from '../turn/context.ts';
import { sha256Of } from './base64.ts';
import { FileCache } from './cache.ts';
import { loadFiles } from './load.ts';
import { fileKey } from './show.ts';

const at = '2026-01-01T00:00:00.000Z';
const BEGIN: Rec = {
  type: 'session',
  format: 1,
  at,
  model: { requested: 'test/model', name: 'test/model' },
  system: [],
  tools: [],
  named: true,
  settings: {},
};

async function picture(n: number): Promise<{ readonly file: StoredFile; readonly bytes: Uint8Array }> {
  const bytes = png(n, 4);
  const sha256 = await sha256Of(bytes);
  return { bytes, file: { sha256, mediaType: 'image/png', size: bytes.length, tokens: 10, pixels: [n, 4] } };
}

/** What `loadFiles` asks for, on a log of messages with these files. Nothing is kept in memory, so that each look at the store is seen. */
function scene(
  messages: readonly (readonly StoredFile[])[],
  read: (sha256: string) => Uint8Array,
  more: readonly Rec[] = [],
) {
  const reads: string[] = [];
  const warnings: string[] = [];
  const stored: Rec[] = [];
  const records = messages.map((attachments, n): Rec => ({
    type: 'message',
    id: `m${n}`,
    role: 'user',
    content: 'Look',
    timestamp: at,
    attachments,
  }));
  const live = {
    state: fold([BEGIN, ...records, ...more]),
    blobs: { read: async (sha256: string) => (reads.push(sha256), read(sha256)) },
    events: { emit: (_event: string, { message }: { message: string }) => void warnings.push(message) },
    async append(facts: Rec[]) {
      stored.push(...facts);
      live.state = fold(facts, live.state);
    },
  };
  const model = { info: infoOf({}, { input: ['image'] }) };
  const context = { live, model, runtime: { files: new FileCache(0), clock: new ManualClock() } };
  return { reads, warnings, stored, load: () => loadFiles(context as unknown as TurnContext) };
}

const gone = (): never => {
  throw new RepriseError('STORAGE_FAILED', 'no such blob');
};

test('a file that several messages name is read once', async () => {
  const { file, bytes } = await picture(1);
  const { load, reads } = scene([[file], [file, file]], () => bytes);
  expect([...(await load()).keys()]).toEqual([fileKey(file)]);
  expect(reads).toHaveLength(1);
});

test('one that is gone is looked for once, told once and recorded once, with the reason', async () => {
  const { file } = await picture(1);
  const { load, reads, stored, warnings } = scene([[file], [file, file]], gone);
  expect([...(await load()).keys()]).toEqual([]);
  expect(reads).toHaveLength(1);
  expect(warnings).toEqual(['no such blob The model is told so.']);
  expect(stored).toMatchObject([{ type: 'file-lost', sha256: file.sha256, reason: 'no such blob' }]);
});

test('what makes room of a lost file is loaded in its place', async () => {
  // One more than a request holds.
  const files = await Promise.all(Array.from({ length: 101 }, (_, n) => picture(n + 1)));
  const last = files.at(-1)?.file.sha256;
  const { load } = scene(
    files.map(({ file }) => [file]),
    (sha256) => (sha256 === last ? gone() : (files.find(({ file }) => file.sha256 === sha256)?.bytes ?? gone())),
  );
  expect([...(await load()).keys()]).toEqual(files.slice(0, -1).map(({ file }) => fileKey(file)));
});

test('a fault of the program is no lost file', async () => {
  const { file } = await picture(1);
  const { load, stored } = scene([[file]], () => {
    throw new TypeError('x is not a function');
  });
  await expect(load()).rejects.toThrow(TypeError);
  expect(stored).toEqual([]);
});

test('what a repair leaves out is not looked for', async () => {
  const [one, two] = await Promise.all([picture(1), picture(2)]);
  const repair: Rec = { type: 'repair', at, turn: 't', reason: 'refused', repair: { reasoning: 0, from: 3, keep: [] } };
  const { load, stored } = scene(
    [[one.file], [two.file]],
    (sha256) => (sha256 === two.file.sha256 ? two.bytes : gone()),
    [repair],
  );
  expect([...(await load()).keys()]).toEqual([fileKey(two.file)]);
  expect(stored).toEqual([]);
});
