import type { ResolvedModel } from '../contracts/model.ts';
import type { AttachmentInput, MessageInput, TurnOptions } from '../contracts/session.ts';
import { RepriseError } from '../errors.ts';
import { checkFiles } from '../files/keep.ts';
import type { NewFile } from '../files/read.ts';
import { checkAttachment, readAttachment } from '../files/read.ts';
import type { Again } from '../inbox/again.ts';
import { digestLater } from '../inbox/again.ts';
import { outputSchema } from '../turn/output.ts';
import type { Said } from '../turn/said.ts';
import { noPrice } from '../turn/scopes.ts';
import { wrongLimits } from './limits.ts';
import { checkOptions } from './options.ts';
import type { Parts } from './parts.ts';

const KEY = /^[A-Za-z0-9_-]{1,100}$/;

/** What was asked for, before its files are read. */
export interface Asked {
  readonly said: Omit<Said, 'files'>;
  readonly attachments: readonly AttachmentInput[];
  readonly output: TurnOptions['output'];
}

/** A message as it may be sent. Throws INVALID_INPUT for what is wrong with it or its options, before anything begins. */
export function askedOf(input: MessageInput, options: TurnOptions): Asked {
  const { text = '', attachments = [] } =
    typeof input === 'string' ? { text: input } : (Object(input) as Exclude<MessageInput, string>);
  if (typeof text !== 'string' || !Array.isArray(attachments) || (text.trim() === '' && attachments.length === 0))
    throw new RepriseError('INVALID_INPUT', 'A message must be a text that is not empty, or { text?, attachments }.');
  for (const attachment of attachments) checkAttachment(attachment);
  const { busy, key, effort, model, onAsk, budget, output } = options;
  if (busy !== undefined && busy !== 'fail' && busy !== 'queue' && busy !== 'steer')
    throw new RepriseError('INVALID_INPUT', 'The option busy must be "fail", "queue" or "steer".');
  if (key !== undefined && !KEY.test(key))
    throw new RepriseError('INVALID_INPUT', 'The option key must be 1 to 100 letters, digits, _ or -.');
  if (onAsk !== undefined && onAsk !== 'wait' && onAsk !== 'deny' && onAsk !== 'fail')
    throw new RepriseError('INVALID_INPUT', 'The option onAsk must be "wait", "deny" or "fail".');
  checkOptions({ effort, model }, []);
  const wanted = budget === undefined ? undefined : wrongLimits(budget);
  if (wanted !== undefined) throw new RepriseError('INVALID_INPUT', `The option budget must be ${wanted}.`);
  const how = { ...(effort !== undefined && { effort }), ...(budget !== undefined && { budget }) };
  if (output !== undefined && (typeof output !== 'object' || output === null))
    throw new RepriseError('INVALID_INPUT', 'The option output must be a zod schema or a JSON schema.');
  return { said: { text, ...how }, attachments, output };
}

/** The same with its files. INVALID_INPUT for a file that can't be one. */
export async function saidOf({ said: words, attachments, output }: Asked, signal: AbortSignal): Promise<Said> {
  const said = output === undefined ? words : { ...words, output: await outputSchema(output) };
  if (attachments.length === 0) return said;
  const files: NewFile[] = [];
  for (const attachment of attachments) files.push(await readAttachment(attachment, signal));
  return { ...said, files };
}

/** The same for a message that waits: nobody is told later what its model can't be sent. */
export async function saidToWait(asked: Asked, parts: Parts, signal: AbortSignal): Promise<Said> {
  const said = await saidOf(asked, signal);
  checkFiles(said.files ?? [], await parts.resolveModel());
  return said;
}

/** What was asked, where it may have been sent before under its key. */
export function againOf({ said: { text }, attachments }: Asked, key: string, signal: AbortSignal): Again {
  return { key, text, files: attachments.map((attachment) => digestLater(() => readAttachment(attachment, signal))) };
}

/**
 * What a turn would be refused for before anything of it is stored: INVALID_INPUT for a message, a file, a schema or a limit that its model can't
 * be given. For programs that make a session for one message, and leave none behind where that is refused. A stream among the attachments
 * is read.
 */
export async function checkMessage(input: MessageInput, options: TurnOptions, model: ResolvedModel): Promise<void> {
  const { files = [] } = await saidOf(askedOf(input, options), new AbortController().signal);
  checkFiles(files, model);
  if (options.budget?.maxCost !== undefined && model.info.price === undefined) throw noPrice(model.name);
}
