import { isCoded } from '../errors.ts';
import { repaired } from '../context/repaired.ts';
import type { FileLostRecord, StoredFile } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import type { TurnContext } from '../turn/context.ts';
import { toBase64 } from './base64.ts';
import { bytesOf } from './bytes.ts';
import { chooseFiles } from './choose.ts';
import { kindOf, textOf } from './kind.ts';
import type { LoadedFiles } from './show.ts';
import { fileKey } from './show.ts';

/**
 * What the next request shows of files. One whose bytes are gone is recorded as lost, once, and from then on words stand in its place: the
 * session goes on without it.
 */
export async function loadFiles({ live, model, runtime }: TurnContext): Promise<LoadedFiles> {
  for (;;) {
    const { state } = live;
    const { sent } = chooseFiles(repaired(state.entries, state.repair), state, model.info.capabilities);
    const loaded = new Map<string, string>();
    const lost = new Map<string, FileLostRecord>();
    for (const file of sent) {
      const key = fileKey(file);
      if (loaded.has(key) || lost.has(file.sha256)) continue;
      try {
        const text = runtime.files.get(key) ?? asSent(file, await bytesOf(live.blobs, file));
        runtime.files.set(key, text);
        loaded.set(key, text);
      } catch (error) {
        if (!isCoded(error)) throw error;
        const { sha256 } = file;
        lost.set(sha256, { type: 'file-lost', at: isoNow(runtime.clock), sha256, reason: error.message });
        live.events.emit('warning', { message: `${error.message} The model is told so.` });
      }
    }
    if (lost.size === 0) return loaded;
    await live.append([...lost.values()]);
  }
}

/** A file in the form in which requests hold it. */
export function asSent({ mediaType }: Pick<StoredFile, 'mediaType'>, bytes: Uint8Array): string {
  return kindOf(mediaType) === 'text' ? (textOf(bytes) ?? '') : toBase64(bytes);
}
