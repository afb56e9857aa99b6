/** The requests that demo/offline understands. Anything else is `help`. */
export type Intent =
  | { readonly kind: 'list'; readonly path: string; readonly pattern?: string }
  | { readonly kind: 'read'; readonly path: string }
  | { readonly kind: 'search'; readonly pattern: string; readonly shown: string; readonly path?: string }
  | { readonly kind: 'summarise'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly content: string }
  | { readonly kind: 'edit'; readonly path: string; readonly from: string; readonly to: string }
  | { readonly kind: 'run'; readonly command: string }
  | { readonly kind: 'recall' }
  | { readonly kind: 'help' };

/** What it can do, for its help and for the documentation. */
export const EXAMPLES: readonly string[] = [
  'summarise this folder',
  'list src',
  'find files *.md',
  'read README.md',
  'search for "TODO" in src',
  'write hello.txt with "Hello"',
  'edit hello.txt replace "Hello" with "Goodbye"',
  'run ls -la',
  'what did I ask before?',
];

/** Something in quotes (may hold blanks and lines), or one word. */
const TERM = String.raw`("[^"]*"|'[^']*'|\x60[^\x60]*\x60|\S+)`;
const rule = (pattern: string, flags = 'i'): RegExp => new RegExp(`^(?:please\\s+|now\\s+|then\\s+)?${pattern}`, flags);

const RECALL =
  /\b(?:what|which)\b.{0,40}\b(?:did|have|had)\s+i\b.{0,40}\b(?:ask|say|said|write|wrote|tell|told|want)|\bmy\s+(?:last|previous|earlier|first)\s+(?:question|request|message|prompt)/i;
const SUMMARISE = rule(
  String.raw`(?:summari[sz]e|describe|explain)\s+(?:(?:this|the|my|current)\s+)*(?:folder|directory|repo(?:sitory)?|project|workspace|codebase)(?:\s+(?:in|at)?\s*${TERM})?\s*[.!?]*$`,
);
const SUMMARISE_THIS = rule(
  String.raw`(?:summari[sz]e(?:\s+(?:this|it))?|what(?:'s|\s+is)\s+(?:in\s+here|(?:in\s+)?(?:this|the)\s+(?:folder|directory|repo(?:sitory)?|project|workspace|codebase)(?:\s+about)?))\s*[.!?]*$`,
);
const FIND_FILES = rule(
  String.raw`(?:find|list)\s+(?:all\s+|the\s+)*files?\s+(?:named\s+|matching\s+|like\s+)?${TERM}`,
);
const LIST = rule(
  String.raw`(?:list|ls)(?:\s+(?:all|the|my|files?|folders?|directory|contents?|in|of|under|this|here))*(?:\s+${TERM})?\s*[!?]*$`,
);
const READ = rule(String.raw`(?:read|show|cat|open|print)(?:\s+(?:me|the|file))*\s+${TERM}`);
const SEARCH = rule(String.raw`(?:search(?:\s+for)?|grep|look\s+for|find)\s+${TERM}(?:\s+(?:in|under)\s+${TERM})?`);
const WRITE = rule(
  String.raw`(?:write|create)(?:\s+(?:a|the|new|file|named|called))*\s+${TERM}\s+(?:with|containing|saying)\s*(?:the\s+)?(?:text|contents?)?\s*:?\s*([\s\S]+)$`,
);
const EDIT = rule(
  String.raw`(?:edit|change)\s+${TERM}\s*[,:]?\s*(?:and\s+)?(?:replace|change)\s+${TERM}\s+(?:with|by|to)\s+${TERM}`,
);
const REPLACE = rule(String.raw`replace\s+${TERM}\s+(?:with|by)\s+${TERM}\s+in\s+${TERM}`);
const RUN = rule(String.raw`(?:run|execute)\s+(?:the\s+)?(?:command\s+)?:?\s*(.+)$`);

/** What `text` asks for. The first rule that fits counts. */
export function understand(text: string): Intent {
  const whole = text.trim();
  // Later lines are what was piped in, except in what is to be written or replaced.
  const line = (whole.split('\n')[0] ?? '').trim();
  let found: RegExpMatchArray | null;
  if (RECALL.test(line)) return { kind: 'recall' };
  if ((found = whole.match(WRITE))) return { kind: 'write', path: path(found[1]), content: bare(found[2]) };
  if ((found = whole.match(EDIT)))
    return { kind: 'edit', path: path(found[1]), from: bare(found[2]), to: bare(found[3]) };
  if ((found = whole.match(REPLACE)))
    return { kind: 'edit', path: path(found[3]), from: bare(found[1]), to: bare(found[2]) };
  if ((found = line.match(RUN))) return { kind: 'run', command: bare(found[1]) };
  if ((found = line.match(SUMMARISE))) return { kind: 'summarise', path: path(found[1] ?? '.') };
  if (SUMMARISE_THIS.test(line)) return { kind: 'summarise', path: '.' };
  if ((found = line.match(FIND_FILES)) && /[*?.]/.test(found[1] ?? ''))
    return { kind: 'list', path: '.', pattern: bare(found[1]) };
  if ((found = line.match(LIST))) return { kind: 'list', path: path(found[1] ?? '.') };
  if ((found = line.match(READ))) return { kind: 'read', path: path(found[1]) };
  if ((found = line.match(SEARCH))) return search(found[1] ?? '', found[2]);
  return { kind: 'help' };
}

function search(term: string, where: string | undefined): Intent {
  const shown = bare(term);
  const quoted = shown !== term;
  return {
    kind: 'search',
    shown,
    // Quoted text is meant literally, a bare word is the pattern that the tool takes.
    pattern: quoted ? shown.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`) : shown,
    ...(where !== undefined && { path: path(where) }),
  };
}

function bare(term: string | undefined): string {
  const text = (term ?? '').trim();
  const quote = text[0];
  const wrapped = text.length > 1 && (quote === '"' || quote === "'" || quote === '`') && text.endsWith(quote);
  return wrapped ? text.slice(1, -1) : text;
}

/** Without quotes and without the sentence's own mark at the end. */
function path(term: string | undefined): string {
  const text = bare(term);
  return text.replace(/[?!,;:]+$/, '').replace(/(?<=[^./])\.$/, '') || '.';
}
