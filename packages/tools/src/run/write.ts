import { basename } from 'node:path';
import type { Stats } from 'node:fs';
import type { ToolContext } from '@reprise/core';
import type { Settings } from '../options.ts';
import { openParent, openRead, place } from '../io/confine.ts';
import type { Place } from '../io/confine.ts';
import { fileError, stopIfAborted, toolError } from '../io/errors.ts';
import { replaceFile } from '../io/replace.ts';
import { inForm, splitForm } from '../io/text.ts';
import type { TextForm } from '../io/text.ts';
import type { WriteInput, WriteOutput } from '../tools/write.ts';
import { refuseStandIns, secretsOf } from './secrets.ts';

/** How much of an old file is looked at to learn its form. */
const SAMPLE_BYTES = 64 * 1024;

export async function runWrite(input: WriteInput, context: ToolContext, settings: Settings): Promise<WriteOutput> {
  stopIfAborted(context.signal);
  refuseStandIns(input.content, secretsOf(settings));
  const found = await place(input.path, context, settings, 'write');
  return settings.turns.through(found.real, async () => {
    stopIfAborted(context.signal);
    const old = await look(found, settings);
    const content = old === undefined ? input.content : inForm(input.content, old.form);
    const bytes = Buffer.from(content, 'utf8');
    await put(found, bytes, settings, old?.facts);
    const lines = content === '' ? 0 : content.split('\n').length - (content.endsWith('\n') ? 1 : 0);
    const created = old === undefined;
    const kept = old?.form.crlf === true ? ', with the CRLF line ends of the old file' : '';
    return {
      output: `${created ? 'Created' : 'Replaced'} ${found.named}: ${lines} ${lines === 1 ? 'line' : 'lines'}, ${bytes.length} bytes${kept}.`,
      path: found.named,
      bytes: bytes.length,
      created,
    };
  });
}

/** Writes through the folder, held open. */
export async function put(found: Place, bytes: Uint8Array, settings: Settings, before?: Stats): Promise<void> {
  const folder = await openParent(found, settings);
  try {
    await replaceFile(folder, basename(found.real), bytes, before);
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? fileError(found.named, error) : error;
  } finally {
    await folder.handle.close();
  }
}

async function look(found: Place, settings: Settings): Promise<{ facts: Stats; form: TextForm } | undefined> {
  if (found.missing.length > 0) return undefined;
  const handle = await openRead(found, settings);
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw toolError(`${found.named} is ${facts.isDirectory() ? 'a folder' : 'no plain file'}.`);
    const start = Buffer.alloc(Math.min(SAMPLE_BYTES, facts.size));
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    // A CR at the sample's end may belong to a CR LF that is cut.
    const sample = start.toString('utf8', 0, bytesRead).replace(/\r$/, '');
    return { facts, form: splitForm(sample).form };
  } finally {
    await handle.close();
  }
}
