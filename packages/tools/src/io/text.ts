/** How a text file is written, so that a change can keep it. */
export interface TextForm {
  readonly bom: boolean;
  /** Every line ends in CR LF. */
  readonly crlf: boolean;
}

const BOM = '\ufeff';

/** Text without its byte order mark, and its form. */
export function splitForm(text: string): { readonly body: string; readonly form: TextForm } {
  const bom = text.startsWith(BOM);
  const body = bom ? text.slice(1) : text;
  return { body, form: { bom, crlf: /\r\n/.test(body) && !/(^|[^\r])\n/.test(body) } };
}

/** `text` in the form of the file that it replaces. */
export function inForm(text: string, form: TextForm): string {
  const { body } = splitForm(text);
  return (form.bom ? BOM : '') + (form.crlf ? crlf(body) : body);
}

export function crlf(text: string): string {
  return text.replaceAll(/\r?\n/g, '\r\n');
}

/** A zero byte near the beginning: what git and grep take for binary. */
export function looksBinary(start: Uint8Array): boolean {
  return start.subarray(0, 8_192).includes(0);
}

/** The encoding that a byte order mark announces, where it isn't UTF-8. */
export function utf16(start: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : undefined;
}
