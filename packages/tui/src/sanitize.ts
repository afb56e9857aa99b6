/**
 * What could steer a terminal or hide text from its reader: C0 except tab and line feed, DEL, C1, bidirectional controls,
 * zero-width space and joiners that carry no emoji, interlinear marks and the tag characters (U+E0000 to U+E007F).
 */
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** `text` with every such character made visible, so that it can't act. Works piece by piece: no sequence spans two calls. */
export function forTerminal(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSAFE, visible);
}

/** The same for JSON text: the value stays what it was. */
export function jsonForTerminal(json: string): string {
  return json.replace(UNSAFE, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

function visible(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  // The control pictures block draws C0 as ␀ to ␟ and DEL as ␡.
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
