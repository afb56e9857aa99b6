/** So much of an answer is looked at; longer JSON is taken as text. */
const LOOKED_AT = 65_536;
const SHOWN = 300;

/**
 * What the body of a failed answer says, in one line: the message in its JSON, whatever the dialect; the text of a web page (a proxy's, a
 * wrong address's); else the text itself. Undefined where it says nothing.
 */
export function saidIn(body: string): string | undefined {
  const text = body.slice(0, LOOKED_AT).trim();
  const said = /^[[{]/.test(text) ? (inJson(text) ?? text) : text.startsWith('<') ? ofPage(text) : text;
  const line = said.replaceAll(/\s+/g, ' ').trim();
  if (line === '' || line === '{}' || line === '[]') return undefined;
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…`.toWellFormed() : line;
}

function inJson(text: string): string | undefined {
  try {
    return messageOf(JSON.parse(text), 0);
  } catch {
    return undefined;
  }
}

/** Where servers put it: OpenAI and its likes, Ollama, FastAPI (one text, or a list of faults), problem details, gateways. */
const PLACES = ['error', 'message', 'msg', 'detail', 'error_description', 'errors', 'title'];
const DEPTH = 4;

function messageOf(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value !== 'object' || value === null || depth === DEPTH) return undefined;
  if (Array.isArray(value)) return messageOf(value[0], depth + 1);
  for (const place of PLACES) {
    const found = Object.hasOwn(value, place) && messageOf((value as Record<string, unknown>)[place], depth + 1);
    if (typeof found === 'string') return found;
  }
  return undefined;
}

/** The words of a page: no scripts, no styles, no tags. Its title is mostly its heading too, and is then said once. */
function ofPage(html: string): string {
  const title = /<title[^<>]*>([^<]*)</i.exec(html)?.[1]?.trim() ?? '';
  const words = html
    .replaceAll(/<(script|style|head)\b[^]*?(<\/\1\s*>|$)/gi, ' ')
    .replaceAll(/<[^<>]*>/g, ' ')
    .trim();
  return title === '' || words.startsWith(title) ? words : `${title} ${words}`;
}
