import type { Message } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
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

export async function readMessages(live: LiveSession, from: number): Promise<Message[]> {
  return (await readTranscript(live, from)).messages(from);
}
