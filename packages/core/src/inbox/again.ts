import { sha256Of } from '../files/base64.ts';
import type { NewFile } from '../files/read.ts';
import type { MessageRecord } from '../records/types.ts';

/** A message that may have been sent before under its key. */
export interface Again {
  readonly key: string;
  readonly text: string;
  /** The SHA-256 of each of its files, for who asks: only where a message of the key is there. */
  readonly files: readonly (() => Promise<string>)[];
}

/** The SHA-256 of a file that is read when somebody asks, and once: it may be a stream. */
export function digestLater(read: () => NewFile | Promise<NewFile>): () => Promise<string> {
  let digest: Promise<string> | undefined;
  const digestNow = async (): Promise<string> => sha256Of((await read()).bytes);
  return () => (digest ??= digestNow());
}

/** Whether this is what it says, as far as both are kept: its text and its files, whatever their names. */
export async function isSame(said: MessageRecord, { text, files }: Again): Promise<boolean> {
  const { content, attachments = [] } = said;
  if (content !== text || attachments.length !== files.length) return false;
  for (const [i, { sha256 }] of attachments.entries()) if ((await files[i]?.()) !== sha256) return false;
  return true;
}
