import type { ResolvedModel } from '../contracts/model.ts';
import { RepriseError } from '../errors.ts';
import type { StoredFile } from '../records/types.ts';
import type { LiveSession } from '../session/live.ts';
import type { Runtime } from '../session/runtime.ts';
import { base64Length } from './base64.ts';
import { limitsOf, sizeText, takes, tooLarge, weightOf } from './limits.ts';
import { asSent } from './load.ts';
import { measure } from './measure.ts';
import type { NewFile } from './read.ts';
import { collect, typeOf } from './read.ts';
import { fileKey } from './show.ts';

/** Throws INVALID_INPUT for files of one message that its model could never be sent, before anything of them is stored. */
export function checkFiles(files: readonly NewFile[], { name: model, info }: ResolvedModel): void {
  const limits = limitsOf(info.capabilities);
  for (const file of files) {
    const large = tooLarge(file, info);
    if (large === undefined) continue;
    const which = file.name === undefined ? 'The attachment' : `The attachment ${JSON.stringify(file.name)}`;
    throw new RepriseError('INVALID_INPUT', `${which} ${large} by ${model}.`, {
      hint: 'Scale or split it, or let a tool read it. Nothing was stored; the session goes on.',
      details: { size: file.size, ...(file.pixels !== undefined && { pixels: file.pixels }) },
    });
  }
  const shown = files.filter((file) => takes(file.mediaType, info.capabilities, false));
  const total = shown.reduce((sum, file) => sum + weightOf(file), 0);
  if (total <= limits.total && shown.length <= limits.count) return;
  throw new RepriseError(
    'INVALID_INPUT',
    `The attachments have ${sizeText(Math.floor((total / 4) * 3))} in ${shown.length} files; ${model} takes ` +
      `${sizeText((limits.total / 4) * 3)} in ${limits.count} at once.`,
    { hint: 'Send them in several messages. Nothing was stored; the session goes on.' },
  );
}

/** For people: files that the model is told of but not shown. */
export function unseen(files: readonly NewFile[], { name: model, info }: ResolvedModel): string[] {
  return files.flatMap(({ name, mediaType }) =>
    takes(mediaType, info.capabilities, false)
      ? []
      : [`${model} can not be shown ${mediaType}, so it is only told of ${name ?? 'an attachment'}.`],
  );
}

/** Keeps a file in the session; durable before a record names it. */
export async function keepFile(live: LiveSession, runtime: Runtime, file: NewFile): Promise<StoredFile> {
  const { bytes, ...facts } = file;
  const kept = { ...facts, ...(await live.blobs.keep(bytes)) };
  if (base64Length(bytes.length) <= PRIMED) runtime.files.set(fileKey(kept), asSent(kept, bytes));
  return kept;
}

/** The next request needs it: characters that are kept for it. */
const PRIMED = 33_554_432;

/** What a tool keeps: anything. What isn't what it is said to be is kept too, and never sent. */
export async function keepForTool(
  live: LiveSession,
  runtime: Runtime,
  data: Uint8Array | AsyncIterable<Uint8Array>,
  declared: string,
  signal: AbortSignal,
): Promise<StoredFile> {
  const bytes = data instanceof Uint8Array ? data.slice() : await collect(data, undefined, signal);
  const mediaType = typeOf(bytes, declared) ?? 'application/octet-stream';
  return keepFile(live, runtime, { bytes, mediaType, size: bytes.length, ...measure(bytes, mediaType) });
}
