import type { ToolContext } from '@reprise/core';
import type { Settings } from '../options.ts';
import { openRead, place } from '../io/confine.ts';
import { stopIfAborted, toolError } from '../io/errors.ts';
import { crlf, looksBinary, splitForm } from '../io/text.ts';
import type { EditInput, EditOutput } from '../tools/edit.ts';
import { diff } from './diff.ts';
import type { Replacement } from './diff.ts';
import { nearest } from './nearest.ts';
import { redact, refuseStandIns, secretsOf } from './secrets.ts';
import { put } from './write.ts';

/** Larger files are refused: an edit holds the whole text. */
const MAX_FILE_BYTES = 16 * 2 ** 20;

export async function runEdit(input: EditInput, context: ToolContext, settings: Settings): Promise<EditOutput> {
  stopIfAborted(context.signal);
  if (input.oldString === input.newString)
    throw toolError('oldString and newString are the same.', 'Give the text as it should become in newString.');
  const secrets = secretsOf(settings);
  refuseStandIns(input.newString, secrets);
  const found = await place(input.path, context, settings, 'write');
  return settings.turns.through(found.real, async () => {
    stopIfAborted(context.signal);
    if (found.missing.length > 0) throw toolError(`${found.named} does not exist.`, 'Make it with write.');
    const handle = await openRead(found, settings);
    let facts, bytes;
    try {
      facts = await handle.stat();
      if (!facts.isFile()) throw toolError(`${found.named} is ${facts.isDirectory() ? 'a folder' : 'no plain file'}.`);
      if (facts.size > MAX_FILE_BYTES)
        throw toolError(
          `${found.named} has ${facts.size} bytes; edit takes at most 16 MiB.`,
          'Use bash, for example sed.',
        );
      bytes = await handle.readFile();
    } finally {
      await handle.close();
    }
    const text = bytes.toString('utf8');
    if (looksBinary(bytes) || !Buffer.from(text, 'utf8').equals(bytes))
      throw toolError(`${found.named} is no UTF-8 text, and an edit would damage it.`, 'Use bash.');
    const changes = find(input, text, (hint) =>
      toolError(`oldString was not found in ${found.named}.`, redact(hint, secrets)),
    );
    await put(found, Buffer.from(apply(text, changes), 'utf8'), settings, facts);
    const times = changes.length === 1 ? '1 replacement' : `${changes.length} replacements`;
    return {
      output: `Edited ${found.named}: ${times}.\n${redact(diff(text, changes), secrets)}`,
      path: found.named,
      replacements: changes.length,
    };
  });
}

/** The places to change. A file with CRLF line ends is also searched for the text with its line ends made so. */
function find(input: EditInput, text: string, notFound: (hint: string) => Error): Replacement[] {
  const { crlf: usesCrlf } = splitForm(text).form;
  const wanted = splitForm(input.oldString).body;
  const forms = [...new Set([wanted, crlf(wanted)])];
  const old = forms.find((form) => form !== '' && text.includes(form));
  if (old === undefined) throw notFound(nearest(text, wanted));
  const fresh = splitForm(input.newString).body;
  const changes: Replacement[] = [];
  for (let at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + old.length))
    changes.push({ at, old, fresh: usesCrlf || old.includes('\r\n') ? crlf(fresh) : fresh });
  if (changes.length > 1 && input.replaceAll !== true)
    throw toolError(
      `oldString occurs ${changes.length} times (lines ${lineNumbers(text, changes)}).`,
      'Give more of the text around the one you mean, or set replaceAll.',
    );
  return changes;
}

function lineNumbers(text: string, changes: readonly Replacement[]): string {
  const shown = changes.slice(0, 5).map(({ at }) => text.slice(0, at).split('\n').length);
  return shown.join(', ') + (changes.length > shown.length ? ', …' : '');
}

function apply(text: string, changes: readonly Replacement[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const { at, old, fresh } of changes) {
    parts.push(text.slice(from, at), fresh);
    from = at + old.length;
  }
  return parts.join('') + text.slice(from);
}
