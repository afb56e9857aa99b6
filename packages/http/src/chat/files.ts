import type { Attachment, AttachmentInput, Session } from '@reprise/core';
import { Refusal } from '../guard/body.ts';

type Part = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What of a session its files need. */
export type FileHolder = Pick<Session, 'id' | 'attachment'>;

/** Bytes of files that one answer holds; more of them are named by their place. */
const MOST = 16 << 20;
/** `String.fromCharCode` takes only so many arguments. */
const PIECE = 8190;

const PLACE = /^\/v1\/sessions\/[\w-]+\/attachments\/([0-9a-f]{64})$/;
const placeOf = (id: string, sha256: string): string => `/v1/sessions/${id}/attachments/${sha256}`;

/** The files of a message of a chat, each for its session. INVALID_INPUT for one that is somewhere else: nothing is fetched for a page. */
export function filesOf(parts: readonly Part[]): ((session: FileHolder) => AttachmentInput)[] {
  return parts.filter(({ type }) => type === 'file').map(fileOf);
}

function fileOf({ url, mediaType, filename }: Part): (session: FileHolder) => AttachmentInput {
  const facts = {
    // One of a whole kind (`image`, `image/*`) says less than the bytes do.
    ...(typeof mediaType === 'string' && /^[^/]+\/[^*]+$/.test(mediaType) && { mediaType }),
    ...(typeof filename === 'string' && { name: filename }),
  };
  if (typeof url === 'string' && url.startsWith('data:')) return () => ({ data: url, ...facts });
  const sha256 = typeof url === 'string' ? PLACE.exec(url)?.[1] : undefined;
  if (sha256 !== undefined) return (session) => ({ data: kept(session, sha256), ...facts });
  throw new Refusal(
    400,
    'A file of a chat must be a data URL.',
    'Send the file itself: useChat makes a data URL of it.',
  );
}

async function* kept(session: FileHolder, sha256: string): AsyncGenerator<Uint8Array> {
  yield await session.attachment(sha256);
}

/** Shows files as a page can: as data URLs, so that it needs no token for them, up to 16 MiB; what is beyond that or gone, by its place. */
export function fileShower(session: FileHolder): (file: Attachment) => Promise<Part> {
  let left = MOST;
  return async ({ sha256, mediaType, size, name }) => {
    const fits = size <= left;
    if (fits) left -= size;
    const bytes = fits ? await session.attachment(sha256).catch(() => undefined) : undefined;
    return {
      type: 'file',
      mediaType,
      ...(name !== undefined && { filename: name }),
      url: bytes === undefined ? placeOf(session.id, sha256) : `data:${mediaType};base64,${base64(bytes)}`,
    };
  };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}
