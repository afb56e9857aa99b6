import { describe, expect, test } from 'vitest';
import type { Capabilities } from '../src/contracts/model.ts';
import type { AttachmentInput, MessageInput, Session } from '../src/contracts/session.ts';
import type { SessionStorage } from '../src/contracts/storage.ts';
import { checkMessage } from '../src/session/said.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { until } from './support/clock.ts';
import { fold } from './support/fold.ts';
import { filesIn, pdf, png } from './support/files.ts';
import { call, calls, httpError, say } from './support/model.ts';
import { infoOf, stage, tool } from './support/stage.ts';
import type { Stage } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';

const SEES: Partial<Capabilities> = { input: ['image', 'pdf'] };
const attach = (...attachments: AttachmentInput[]): MessageInput => ({ text: 'Look', attachments });
const picture = (...[width, height, more]: Parameters<typeof png>) => attach({ data: png(width, height, more) });

interface Seeing extends Stage {
  readonly session: Session;
  readonly warnings: string[];
  /** What the newest request showed of files. */
  shown(): string[];
}

async function seeing(
  capabilities: Partial<Capabilities> = SEES,
  change: Parameters<typeof stage>[0] = {},
  options: object = {},
): Promise<Seeing> {
  const theatre = stage(change, infoOf({}, capabilities));
  const session = await theatre.sessions.create({ model: 'test/model', ...options });
  const warnings: string[] = [];
  session.on('warning', ({ message }) => warnings.push(message));
  const shown = () => filesIn(theatre.model.requests.at(-1) ?? { prompt: [] });
  return { ...theatre, session, warnings, shown };
}

/** The same store whose blobs are watched or spoiled. */
function withBlobs(
  change: (blobs: NonNullable<SessionStorage['blobs']>) => Partial<NonNullable<SessionStorage['blobs']>>,
) {
  const inner = memoryStorage();
  const blobs = inner.blobs as NonNullable<SessionStorage['blobs']>;
  return faulty({ ...inner, blobs: { ...blobs, ...change(blobs) } });
}

const WITHOUT_BLOBS = () => {
  const { blobs: _blobs, ...inner } = memoryStorage();
  return faulty(inner);
};

describe('a message with files', () => {
  test('is stored with their hashes after the bytes, and sent with the bytes', async () => {
    const order: string[] = [];
    const storage = withBlobs((blobs) => ({
      async put(lease, bytes) {
        const kept = await blobs.put(lease, bytes);
        order.push(`blob ${(await storage.head(lease.id))?.messageCount}`);
        return kept;
      },
    }));
    const { session, model, shown } = await seeing(SEES, { storage });
    await session.message(
      attach({ data: png(30, 20), name: 'a.png' }, { data: pdf(2) }, { text: 'let x = 1', name: 'x.ts' }),
    );
    expect(order).toEqual(['blob 0', 'blob 0', 'blob 0']);
    const [message] = await session.getMessages();
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    expect(message?.attachments).toEqual(
      [
        { sha256, mediaType: 'image/png', size: 33, name: 'a.png' },
        { sha256, mediaType: 'application/pdf', size: 50, name: undefined },
        { sha256, mediaType: 'text/plain', size: 9, name: 'x.ts' },
      ].map(({ name, ...rest }) => (name === undefined ? rest : { ...rest, name })),
    );
    expect(shown()).toEqual(['image/png', 'application/pdf', '<file name="x.ts">\nlet x = 1\n</file>']);
    const content = model.requests[0]?.prompt.at(-1)?.content;
    expect(content?.at(-1)).toEqual({ type: 'text', text: 'Look' });
    expect(content).toContainEqual({
      type: 'file',
      mediaType: 'image/png',
      filename: 'a.png',
      data: { type: 'data', data: Buffer.from(png(30, 20)).toString('base64') },
    });
    expect(await session.attachment(message?.attachments?.[0]?.sha256 ?? '')).toEqual(png(30, 20));
  });

  const bytes = png(5, 5);
  const base64 = Buffer.from(bytes).toString('base64');
  async function* stream() {
    yield bytes.subarray(0, 10);
    yield bytes.subarray(10);
  }
  test.each<[string, () => AttachmentInput, string]>([
    ['bytes', () => ({ data: bytes }), 'image/png'],
    ['bytes under a wrong type', () => ({ data: bytes, mediaType: 'image/jpeg' }), 'image/png'],
    [
      'bytes under no type that says anything',
      () => ({ data: bytes, mediaType: 'application/octet-stream' }),
      'image/png',
    ],
    ['a stream', () => ({ data: stream() }), 'image/png'],
    ['base64', () => ({ data: base64 }), 'image/png'],
    ['a data URL', () => ({ data: `data:image/png;base64,${base64}` }), 'image/png'],
    ['a data URL of text', () => ({ data: 'data:text/csv,a%2Cb' }), 'text/csv'],
    ['a Blob', () => new Blob([bytes], { type: 'image/png' }), 'image/png'],
    ['a File', () => new File(['{}'], 'a.json', { type: 'application/json' }), 'application/json'],
    ['a text', () => ({ text: 'hi', mediaType: 'Text/Markdown; charset=utf-8' }), 'text/markdown'],
    ['text bytes without a type', () => ({ data: new TextEncoder().encode('hi') }), 'text/plain'],
  ])('%s', async (_name, input, mediaType) => {
    const { session } = await seeing();
    await session.message(attach(input()));
    expect((await session.getMessages())[0]?.attachments?.[0]).toMatchObject({ mediaType });
  });

  test('needs no text; its first file’s name is the title then', async () => {
    const { session, shown } = await seeing();
    await session.message({ attachments: [{ data: png(), name: 'diagram.png' }] });
    expect(shown()).toEqual(['image/png']);
    expect(session.head.title).toBe('diagram.png');
  });

  test('counts what its files take', async () => {
    const { session } = await seeing();
    await session.message('Hi');
    const before = session.getContextUsage().current;
    await session.message(attach({ data: png(1000, 750) }, { data: pdf(3) }));
    const grown = session.getContextUsage().current - before;
    expect(grown).toBeGreaterThan(1000 + 7500);
    expect(grown).toBeLessThan(1000 + 7500 + 50);
  });

  test('reads each file from the store at most once while it is kept in memory', async () => {
    let reads = 0;
    const storage = withBlobs((blobs) => ({
      get(id, sha256) {
        reads += 1;
        return blobs.get(id, sha256);
      },
    }));
    const { session, restart, shown } = await seeing(SEES, { storage });
    await session.message(picture());
    await session.message('Again');
    expect(reads).toBe(0);
    const later = await restart({ storage }).sessions.resume(session.id);
    await later.message('And now?');
    await later.message('And now?');
    expect({ reads, shown: shown() }).toEqual({ reads: 1, shown: ['image/png'] });
  });
});

describe('what is refused, with nothing stored', () => {
  const random = new Uint8Array([1, 0, 255, 254, 3]);
  test.each<[string, AttachmentInput, string]>([
    ['an image that is none', { data: random, mediaType: 'image/png' }, 'does not hold image/png'],
    ['bytes that are nothing', { data: random }, 'neither a text nor'],
    ['text that is none', { data: random, mediaType: 'text/plain' }, 'does not hold text/plain'],
    ['nothing', { data: new Uint8Array(), name: 'a.txt' }, '"a.txt" is empty'],
    ['what is no base64', { data: 'ü' }, 'is no base64'],
    [
      'an image that is too large',
      { data: png(9, 9, 4_000_000), name: 'b.png' },
      '"b.png" has 4.0 MB, and at most 3.9 MB',
    ],
    ['an image with too many pixels', { data: png(9000, 10) }, 'has an edge of 9000 pixels'],
    ['a text that is too long', { text: 'x'.repeat(1_100_000) }, 'has 1.1 MB, and at most 1.0 MB'],
    [
      'more than could ever be sent',
      { data: new Uint8Array(33_600_000), mediaType: 'application/pdf' },
      'more than 33.6 MB',
    ],
  ])('%s', async (_name, input, message) => {
    const { session, storage, shown } = await seeing();
    const error = await session.message(attach(input)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining(message) as string });
    expect((await recordsOf(storage, session.id)).map(({ type }) => type)).toEqual(['session']);
    await session.message('Never mind');
    expect(shown()).toEqual([]);
  });

  test.each<[string, MessageInput, Parameters<Session['turn']>[1]]>([
    ['a file that is too large', picture(9000), {}],
    ['one that is none', attach({ data: new Uint8Array([1, 0, 2]) }), {}],
    ['no message', ' ', {}],
    ['a schema of no object', 'Hi', { output: { type: 'string' } }],
    ['a limit that can not be held', 'Hi', { budget: { maxCost: 1 } }],
  ])('a program that makes a session for it may ask before: %s', async (_what, input, options) => {
    const { model, session } = await seeing();
    const resolved = { requested: 'm', name: 'm', model, info: infoOf({}, SEES) };
    const { error } = await (async () => session.turn(input, options).outcome())().catch((thrown: unknown) => ({
      error: thrown,
    }));
    await expect(checkMessage(input, options ?? {}, resolved)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: (error as Error).message.replace('test/model', 'm'),
    });
    await expect(checkMessage(picture(10), {}, resolved)).resolves.toBeUndefined();
  });

  test('files that are too much together', async () => {
    const { session } = await seeing();
    const seven = Array.from({ length: 7 }, (_, n) => ({ data: png(9, 9, 3_000_000 + n) }));
    await expect(session.message(attach(...seven))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'The attachments have 21.0 MB in 7 files; test/model takes 18.9 MB in 100 at once.',
    });
  });

  test.each<[string, unknown]>([
    ['an attachment without data', { attachments: [{ name: 'x' }] }],
    ['a media type that is none', { attachments: [{ data: png(), mediaType: 'png' }] }],
    ['a name that is none', { attachments: [{ data: png(), name: 3 }] }],
    ['no list', { text: 'x', attachments: {} }],
    ['nothing to say', { text: ' ', attachments: [] }],
    ['no message', 3],
  ])('%s, at once', async (_name, input) => {
    const { session } = await seeing();
    expect(() => session.message(input as MessageInput)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  test('a stream that does not end is let go with the turn', async () => {
    const { session } = await seeing();
    let asked = false;
    let returned = false;
    const endless: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          asked = true;
          return new Promise<never>(() => undefined);
        },
        return: async () => {
          returned = true;
          return { done: true, value: undefined };
        },
      }),
    };
    const turn = session.turn(attach({ data: endless }));
    await until(() => asked, 'the stream');
    expect(await turn.abort()).toMatchObject({ status: 'aborted' });
    expect(returned).toBe(true);
    await session.message('Hi');
  });
});

describe('what a model is not shown', () => {
  test('a file that it can’t see: words stand for it, and people are told', async () => {
    const { session, shown, warnings, storage } = await seeing({ input: [] });
    await session.message(attach({ data: png(), name: 'a.png' }));
    expect(shown()).toEqual([
      '(The attached file "a.png", image/png, 33 bytes, is not shown: this model can not be shown such a file here.)',
    ]);
    expect(warnings).toEqual(['test/model can not be shown image/png, so it is only told of a.png.']);
    expect((await recordsOf(storage, session.id)).filter(({ type }) => type === 'warning')).toHaveLength(1);
    // It takes no room either.
    expect(session.getContextUsage().current).toBeLessThan(120);
  });

  test('an image of a kind that Google refuses', async () => {
    const { session, shown } = await seeing({ ...SEES, rules: 'google' });
    const gif = new TextEncoder().encode('GIF89a\u0001\u0000\u0001\u0000');
    await session.message(attach({ data: gif }, { data: png() }));
    expect(shown()).toEqual([expect.stringContaining('image/gif'), 'image/png']);
  });

  test('more than twenty images only where none is wider than 2,000 pixels', async () => {
    const { session, shown } = await seeing();
    await session.message(picture(3000));
    for (let n = 0; n < 19; n += 1) await session.message(picture(10 + n));
    expect(shown()).toHaveLength(20);
    await session.message(picture(100));
    expect(shown().filter((one) => one === 'image/png')).toHaveLength(20);
    expect(shown()[0]).toContain('made room');
  });
});

describe('bytes that are gone', () => {
  const spoiled = (how: 'missing' | 'other' | 'short') => {
    let broken = false;
    const storage = withBlobs((blobs) => ({
      async *get(id, sha256) {
        const parts: Uint8Array[] = [];
        for await (const part of blobs.get(id, how === 'missing' && broken ? '0'.repeat(64) : sha256)) parts.push(part);
        const whole = parts[0]?.slice() ?? new Uint8Array();
        if (broken) whole[30] = 77;
        yield broken && how === 'short' ? whole.subarray(1) : whole;
      },
    }));
    return { storage, spoil: () => (broken = true), mend: () => (broken = false) };
  };

  test.each(['missing', 'other', 'short'] as const)(
    '%s: recorded once, words stand for it from then on',
    async (how) => {
      const { storage, spoil, mend } = spoiled(how);
      const { session, restart, shown, model } = await seeing(SEES, { storage });
      await session.message(attach({ data: png(), name: 'a.png' }));
      spoil();
      const later = await restart({ storage }).sessions.resume(session.id);
      const warnings: string[] = [];
      later.on('warning', ({ message }) => warnings.push(message));
      await later.message('Hi');
      expect(shown()).toEqual([expect.stringContaining('its bytes can not be read any more')]);
      expect(warnings).toHaveLength(1);
      const [{ sha256 = '' } = {}] = (await later.getMessages())[0]?.attachments ?? [];
      await expect(later.attachment(sha256)).rejects.toMatchObject({
        code: expect.stringMatching(/^STORAGE_/) as string,
      });
      // It stays so, also where they can be read again: what was sent is a prefix of what is sent.
      mend();
      await (await restart({ storage }).sessions.resume(session.id)).message('Again');
      const [before, after] = model.requests.slice(-2).map(({ prompt }) => JSON.stringify(prompt));
      expect(after?.startsWith(before?.slice(0, -1) ?? 'x')).toBe(true);
      const lost = (await recordsOf(storage, session.id)).filter(({ type }) => type === 'file-lost');
      expect(lost).toHaveLength(1);
      // Attached again, it is there again.
      await (await restart({ storage }).sessions.resume(session.id)).message(attach({ data: png() }));
      expect(shown()).toEqual(['image/png', 'image/png']);
    },
  );
});

describe('what happens to the messages', () => {
  test('an edit keeps its files, a deletion takes them along', async () => {
    const { session, shown } = await seeing();
    await session.message(picture());
    const [{ id } = { id: '' }] = await session.getMessages();
    expect(await session.editMessage(id, { content: 'Look again' })).toMatchObject({ attachments: [{ size: 33 }] });
    await session.message('Hi');
    expect(shown()).toEqual(['image/png']);
    await session.deleteMessage(id);
    await session.message('Hi');
    expect(shown()).toEqual([]);
  });

  test.each([
    ['a store that copies', () => faulty(), {}],
    [
      'a store that does not',
      () => {
        const { copy: _copy, ...rest } = faulty();
        return rest;
      },
      {},
    ],
    ['a store without blobs', WITHOUT_BLOBS, {}],
    ['a session that is saved by hand', () => faulty(), { autoSave: false }],
  ])('a fork on %s has the files', async (_name, make, options) => {
    const { session, shown, sessions } = await seeing(SEES, { storage: make() }, options);
    await session.message(picture());
    const fork = await session.fork();
    await fork.message('Hi');
    expect(shown()).toEqual(['image/png']);
    await fork.save();
    await sessions.delete(session.id);
    const [{ sha256 = '' } = {}] = (await fork.getMessages())[0]?.attachments ?? [];
    expect(await fork.attachment(sha256)).toEqual(png());
  });

  test('saved by hand, the bytes are there before the records', async () => {
    const { session, restart, shown, storage } = await seeing(SEES, {}, { autoSave: false });
    await session.message(picture());
    expect(shown()).toEqual(['image/png']);
    expect(await storage.head(session.id)).toBeUndefined();
    await session.save();
    await (await restart().sessions.resume(session.id)).message('Hi');
    expect(shown()).toEqual(['image/png']);
  });

  test('a store without blobs holds small files in the record and refuses large ones', async () => {
    const storage = WITHOUT_BLOBS();
    const { session, shown, restart } = await seeing(SEES, { storage });
    await session.message(picture());
    await expect(session.message(picture(4, 4, 1_100_000))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await (await restart({ storage }).sessions.resume(session.id)).message('Hi');
    expect(shown()).toEqual(['image/png']);
  });

  test('an export takes them along, also to a store without blobs', async () => {
    const { session, storage } = await seeing();
    await session.message(picture());
    const exported = JSON.parse(JSON.stringify(await session.export())) as {
      files: { sha256: string; data: string }[];
    };
    expect(exported.files).toHaveLength(1);
    for (const target of [faulty(), WITHOUT_BLOBS()]) {
      const other = stage({ storage: target }, infoOf({}, SEES));
      const copy = await other.sessions.import(exported);
      await copy.message('Hi');
      expect(filesIn(other.model.requests[0] ?? { prompt: [] })).toEqual(['image/png']);
      expect(fold(await recordsOf(target, copy.id)).lost).toBeUndefined();
    }
    const [file] = exported.files;
    const forged = { ...exported, files: [{ ...file, data: 'AAAA' }] };
    await expect(stage().sessions.import(forged)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await recordsOf(storage, session.id)).toHaveLength(4);
  });

  test('an export names what is missing; its import goes on without', async () => {
    const storage = withBlobs(() => ({
      async *get() {
        yield new Uint8Array(33);
      },
    }));
    const { session } = await seeing(SEES, { storage });
    await session.message(picture());
    const exported = await session.export();
    expect(exported.files).toEqual([
      { sha256: expect.any(String) as string, missing: expect.stringContaining('other bytes') as string },
    ]);
    const other = stage({}, infoOf({}, SEES));
    await (await other.sessions.import(exported)).message('Hi');
    expect(filesIn(other.model.requests[0] ?? { prompt: [] })).toEqual([expect.stringContaining('can not be read')]);
  });
});

describe('a file that the provider refuses', () => {
  const refused = () => httpError(400, 'Could not process image');

  test('is left out of the same turn’s next request and of all later ones; older ones stay', async () => {
    const { session, shown, model, warnings } = await seeing();
    await session.message(picture(1));
    model.script.push(refused());
    expect(await session.message(picture(2))).toMatchObject({ content: 'ok' });
    expect(shown()).toEqual(['image/png', expect.stringContaining('the provider refused it')]);
    expect(warnings).toEqual(['test/model refused the attached files: Could not process image']);
    await session.message(picture(3));
    expect(shown()).toEqual(['image/png', expect.stringContaining('refused'), 'image/png']);
  });

  test('an old one, after a restart with nothing new: all are left out', async () => {
    const { session, shown, model } = await seeing();
    await session.message(picture(1));
    model.script.push(refused());
    await session.message('Hi');
    expect(shown()).toEqual([expect.stringContaining('the provider refused it')]);
  });

  test('where it was not the file, it is back', async () => {
    const { session, shown, model } = await seeing();
    model.script.push(refused(), refused());
    await expect(session.message(picture())).rejects.toMatchObject({ code: 'PROVIDER' });
    await session.message('Hi');
    expect(shown()).toEqual(['image/png']);
  });
});

describe('a tool that shows a file', () => {
  const camera = (mediaType = 'image/png', bytes = png()) =>
    tool('camera', {
      run: async (_input, context) => {
        async function* stream() {
          yield bytes;
        }
        return context.keep(stream(), mediaType);
      },
      toModel: (output) => [
        { type: 'text', text: 'A picture.' },
        { type: 'blob', sha256: (output as { sha256: string }).sha256, mediaType },
      ],
    });

  test('is seen by a model that takes it, also after a restart', async () => {
    const { session, model, shown, restart } = await seeing(SEES, { tools: [camera()] });
    model.script.push(calls(call('a', 'camera')));
    await session.message('Look');
    expect(shown()).toEqual(['image/png']);
    const [, step] = await session.getMessages();
    expect(step?.toolResults?.[0]?.attachments).toMatchObject([{ mediaType: 'image/png', size: 33 }]);
    await (await restart({ tools: [camera()] }).sessions.resume(session.id)).message('Hi');
    expect(shown()).toEqual(['image/png']);
  });

  test.each<[string, Partial<Capabilities>, ReturnType<typeof camera>]>([
    ['a model that sees nothing', { input: [] }, camera()],
    ['an API whose tools give text alone', { ...SEES, rules: 'openai-chat' }, camera()],
    ['bytes that are no image', SEES, camera('image/png', new Uint8Array([1, 2, 0]))],
  ])('%s is told of it', async (_name, capabilities, made) => {
    const { session, model, shown } = await seeing(capabilities, { tools: [made] });
    model.script.push(calls(call('a', 'camera')));
    await session.message('Look');
    expect(shown()).toEqual([expect.stringContaining('is not shown')]);
    expect(JSON.stringify(model.requests[1]?.prompt)).toContain('A picture.');
  });

  test('a hash that the call did not keep shows nothing', async () => {
    const liar = tool('camera', {
      run: async () => 'x',
      toModel: () => [{ type: 'blob', sha256: 'a'.repeat(64), mediaType: 'image/png' }],
    });
    const { session, model, shown } = await seeing(SEES, { tools: [liar] });
    model.script.push(calls(call('a', 'camera')), say('ok'));
    await session.message('Look');
    expect(shown()).toEqual([]);
    expect(JSON.stringify(model.requests[1]?.prompt)).toContain('[image/png]');
  });
});

test('a message that waits takes small files along', async () => {
  const shared = memoryStorage();
  const storage = faulty({ ...shared, supports: { ...shared.supports, processes: 'many' } });
  const gate = Promise.withResolvers<string>();
  const wait = tool('wait', { run: () => gate.promise });
  const { session, model, restart, clock } = await seeing(SEES, { storage, tools: [wait] });
  model.script.push(calls(call('a', 'wait')));
  const turn = session.turn('Hi');
  await new Promise<void>((resolve) => turn.once('tool_call', () => resolve()));
  const other = await restart({ storage: faulty(storage.inner), tools: [wait] }).sessions.resume(session.id);
  const waiting = other.turn(attach({ data: png(), name: 'a.png' }), { busy: 'queue' });
  await new Promise<void>((resolve) => waiting.once('queued', () => resolve()));
  expect(await other.turn(picture(4, 4, 2_000_000), { busy: 'queue' }).outcome()).toMatchObject({
    error: { code: 'INVALID_INPUT', message: expect.stringContaining('at most 1 MiB') as string },
  });
  gate.resolve('go');
  await turn.outcome();
  await clock.advance(1000);
  expect(await waiting.outcome()).toMatchObject({ status: 'done' });
  expect(filesIn(model.requests.at(-1) ?? { prompt: [] })).toEqual(['image/png']);
});
