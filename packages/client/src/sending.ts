import type { MessageInput, OnAsk, TurnOptions } from '@reprise/core';
import { RepriseError } from '@reprise/core/turn';
import { wireFile } from './files.ts';

/** A message on its way to a session. */
export interface Sending {
  readonly session: string;
  readonly key: string;
  /** What is sent; its files are read when it is asked for. */
  body(): Promise<object>;
}

/** Throws INVALID_INPUT for what can't be sent, before anything is. */
export function sendingOf(
  session: string,
  key: string,
  input: MessageInput,
  { key: _key, model, output, ...options }: TurnOptions,
  onAsk: OnAsk | undefined,
): Sending {
  const { text = '', attachments = [] } =
    typeof input === 'string' ? { text: input } : (Object(input) as Exclude<MessageInput, string>);
  if (typeof text !== 'string' || !Array.isArray(attachments) || (text.trim() === '' && attachments.length === 0))
    throw invalid('A message must be a text that is not empty, or { text?, attachments }.');
  if (model !== undefined && typeof model !== 'string') throw invalid('A model on a server is named: give its name.');
  if (output !== undefined && 'safeParse' in Object(output))
    throw invalid('Over a connection `output` is a JSON schema: give z.toJSONSchema(schema).');
  const said = {
    content: text,
    ...(onAsk !== undefined && { onAsk }),
    ...options,
    ...(model !== undefined && { model }),
    ...(output !== undefined && { output }),
  };
  return {
    session,
    key,
    async body() {
      if (attachments.length === 0) return said;
      const files: object[] = [];
      for (const attachment of attachments) files.push(await wireFile(attachment));
      return { ...said, attachments: files };
    },
  };
}

function invalid(message: string): RepriseError {
  return new RepriseError('INVALID_INPUT', message);
}
