import type { ExportedSession } from '../contracts/history.ts';
import type { Coded } from '../errors.ts';
import { exportFiles } from '../files/transfer.ts';
import type { Rec } from '../records/types.ts';
import type { LiveSession } from './live.ts';
import { noteLostEnd, readable } from './load.ts';
import { maskedFacts, maskedRecord } from './mask.ts';
import { readTranscript } from './messages.ts';

/**
 * The whole session: in the spec's shape for people and other programs, and as records for an exact import. `redact`: with stars in place of what
 * looks like a key.
 */
export async function exportSession(live: LiveSession, redact: boolean): Promise<ExportedSession> {
  await live.refresh();
  const damage: Coded[] = [];
  const records: Rec[] = [];
  const tip = live.state.seq;
  let last = 0;
  for await (const stored of live.records(0, damage)) {
    const record = readable(stored, damage);
    // One of a type that is newer than this code keeps its place: later records name others by their numbers.
    if (record !== undefined) records.push(redact ? maskedRecord(record) : record);
    else if (damage.length === 0) {
      const foreign = JSON.parse(stored.json) as Rec;
      records.push(redact ? maskedFacts(foreign) : foreign);
    }
    last = stored.seq;
  }
  noteLostEnd(live.id, tip, last, damage);
  if (damage[0] !== undefined) throw damage[0];
  const files = await exportFiles(records, live.blobs, redact);
  const { id, model, createdAt, lastMessage, messageCount, tokenUsage, tools, status, ...rest } = live.head;
  const { seq: _seq, checkpoint: _checkpoint, ...facts } = rest;
  const messages = (await readTranscript(live)).messages();
  const metadata = { model, createdAt, ...facts };
  return {
    format: 1,
    id,
    metadata: redact ? maskedFacts(metadata) : metadata,
    state: { id, model, createdAt, lastMessage, messageCount, tokenUsage, tools, status },
    messages: redact ? maskedFacts(messages) : messages,
    records,
    ...(files.length > 0 && { files }),
  };
}
