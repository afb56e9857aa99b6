import { RepriseError } from '@reprise/core';
import { withSessions } from '../../sessions.ts';
import { EXIT, readText } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import type { EXPORT, IMPORT } from '../options.ts';

/** Bytes; a string of JavaScript holds not much more. */
const LARGEST = 256 * 1024 * 1024;

export const exporting: Handler<typeof EXPORT> = async ({ options, operands: [id = ''] }, io) => {
  io.out.json(
    await withSessions(io, options, async (sessions) =>
      (await sessions.load(id)).export({ redact: !options['no-redact'] }),
    ),
  );
  return EXIT.ok;
};

export const importing: Handler<typeof IMPORT> = async ({ options, operands: [file = ''] }, io) => {
  const data = parse(await readText(io, file, LARGEST), file);
  const how = {
    ...(options['new-id'] !== undefined && { newId: options['new-id'] }),
    ...(options.model !== undefined && { model: options.model }),
  };
  const { id } = await withSessions(io, options, (sessions) => sessions.import(data, how));
  if (options.json) io.out.json({ id });
  else io.out.write(`${id}\n`);
  return EXIT.ok;
};

/** What the JSON means is judged by `Sessions.import`. */
function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError('INVALID_INPUT', `${file === '-' ? 'Standard input' : file} is no JSON: ${reason}`, {
      hint: 'It should be what "reprise session export" wrote, or a JSON array of messages.',
      cause,
    });
  }
}
