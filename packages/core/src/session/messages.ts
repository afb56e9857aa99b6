import type { Message } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import { bytesOf } from '../files/bytes.ts';
import { filesIn } from '../files/copy.ts';
import { Transcript } from '../state/transcript.ts';
import type { LiveSession } from './live.ts';
import { readable } from './load.ts';

/** The transcript of a session's records from `from` on. */
export async function readTranscript(live: LiveSession, from = 1): Promise<Transcript> {
  const transcript = new Transcript();
  const damage: Coded[] = [];
  for await (const stored of live.records(from - 1, damage)) transcript.add(stored.seq, readable(stored, damage));
  for (const { message } of damage) live.events.emit('warning', { message });
  return transcript;
}

/** What follows the last clear; `all`: everything, also what was taken back. */
export async function readMessages(live: LiveSession, all: boolean): Promise<Message[]> {
  const from = all ? 1 : live.state.clearedFrom;
  return (await readTranscript(live, from)).messages(from, all);
}

/** The bytes of a file that any record of the session names. */
export async function readAttachmentOf(live: LiveSession, sha256: string): Promise<Uint8Array> {
  for await (const { json } of live.records(0, [])) {
    const file = filesIn([json]).get(sha256);
    if (file !== undefined) return bytesOf(live.blobs, file);
  }
  throw new RepriseError('INVALID_INPUT', `No message of this session has an attachment ${JSON.stringify(sha256)}.`, {
    hint: '`getMessages({ all: true })` shows messages with their attachments.',
  });
}
