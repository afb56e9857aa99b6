/**
 * The idempotency keys of all messages of a log. They never forget one, so a key of which they say no is new; one of which they say yes is looked for
 * in the log. The first are a list of their hashes, more of them pages of Bloom filters. A full page is whole in one checkpoint, and from there on the
 * state says only which: so neither a state nor a checkpoint grows with the history, but for a number for each page. Beside 50,000 keys one new key
 * in a hundred is looked for in vain, beside 100,000 one in fifty.
 */
export type Keys = readonly number[] | Paged | OldFilter;

interface Paged {
  /** The bits of full pages as base64, or the checkpoint that has them, in the same place of its own list. */
  readonly pages: readonly (string | number)[];
  /** The page that fills, as base64; empty before its first key. */
  readonly bits: string;
  /** Keys in that. */
  readonly count: number;
}

/** What checkpoints before version 5 hold of many keys: one page that filled without end. */
type OldFilter = string;

/** Where a checkpoint has a page. */
export interface PageAt {
  readonly checkpoint: number;
  readonly index: number;
}

/** So many hashes take about as much room as a page. */
const MOST_HASHES = 512;
const PAGE_BITS = 32_768;
const PAGE_KEYS = 2048;
/** Of base64. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAGE_LETTERS = 5464;
const EMPTY_PAGE = `${'A'.repeat(PAGE_LETTERS - 2)}==`;
/** The last one then fills without end, and the log decides ever more often: 262,144 keys, 700 KB for who has to look into all. */
const MOST_PAGES = 128;
/** Bits of each key in a page, and what those of an old filter are told by. */
const MARKS = 11;
const OLD_MARKS = 4;
const OLD = '~';

export function withKey(keys: Keys = [], key: string): Keys {
  const hash = hashOf(key);
  if (!isList(keys)) return withHash(pagedOf(keys), hash);
  if (keys.includes(hash)) return keys;
  if (keys.length < MOST_HASHES) return [...keys, hash];
  return { pages: [], bits: [...keys, hash].reduce(marked, ''), count: keys.length + 1 };
}

function withHash({ pages, bits, count }: Paged, hash: number): Paged {
  const filled = marked(bits, hash);
  const isFull = count + 1 >= PAGE_KEYS && pages.length < MOST_PAGES;
  return isFull ? { pages: [...pages, filled], bits: '', count: 0 } : { pages, bits: filled, count: count + 1 };
}

/** False: no message has this key. Pages that `stored` does not have may hold every key. */
export function mayHold(
  keys: Keys | undefined,
  key: string,
  stored: (at: PageAt) => string | undefined = () => undefined,
): boolean {
  if (keys === undefined) return false;
  const hash = hashOf(key);
  if (isList(keys)) return keys.includes(hash);
  const { pages, bits } = pagedOf(keys);
  if (holds(bits, hash, MARKS)) return true;
  return pages.some((page, index) => {
    if (typeof page === 'string') return holdsIn(page, hash);
    const there = stored({ checkpoint: page, index });
    return there === undefined || holds(there, hash, MARKS);
  });
}

/** The pages that are not at hand. */
export function pagesOf(keys: Keys | undefined): PageAt[] {
  if (keys === undefined || isList(keys) || typeof keys === 'string') return [];
  return keys.pages.flatMap((checkpoint, index) => (typeof checkpoint === 'number' ? [{ checkpoint, index }] : []));
}

/** A page in what a checkpoint holds; `undefined` where there is none. */
export function pageIn(state: unknown, index: number): string | undefined {
  const page = listIn(state)[index];
  return typeof page === 'string' && !page.startsWith(OLD) ? page : undefined;
}

/** The same keys once `checkpoint`, which holds `state`, is stored: where its pages are these, it has them. */
export function keptIn(keys: Keys | undefined, checkpoint: number, state: unknown): Keys | undefined {
  if (keys === undefined || isList(keys) || typeof keys === 'string') return keys;
  const list = listIn(state);
  const isThere = (page: string | number, index: number): boolean =>
    typeof page === 'string' && !page.startsWith(OLD) && list[index] === page;
  if (!keys.pages.some(isThere)) return keys;
  return { ...keys, pages: keys.pages.map((page, index) => (isThere(page, index) ? checkpoint : page)) };
}

function listIn(state: unknown): readonly unknown[] {
  const { keys } = Object(state) as { readonly keys?: unknown };
  const { pages } = Object(keys) as { readonly pages?: unknown };
  return Array.isArray(pages) ? pages : [];
}

function isList(keys: Keys): keys is readonly number[] {
  return Array.isArray(keys);
}

function pagedOf(keys: Paged | OldFilter): Paged {
  return typeof keys === 'string' ? { pages: [`${OLD}${keys}`], bits: '', count: 0 } : keys;
}

function holdsIn(page: string, hash: number): boolean {
  return page.startsWith(OLD) ? holds(page.slice(1), hash, OLD_MARKS) : holds(page, hash, MARKS);
}

/** What is no page any more holds every key: then the log decides. */
function holds(page: string, hash: number, marks: number): boolean {
  if (page === '') return false;
  if (page.length !== PAGE_LETTERS) return true;
  for (let i = 0; i < marks; i += 1) {
    const { letter, bit } = markOf(hash, i);
    // What is no letter is -1, which has every bit.
    if ((LETTERS.indexOf(page.charAt(letter)) & bit) === 0) return false;
  }
  return true;
}

/** In the text itself: to decode and encode it for each message takes ten times as long (50 to 5 µs). */
function marked(page: string, hash: number): string {
  const before = page === '' ? EMPTY_PAGE : page;
  if (before.length !== PAGE_LETTERS) return before;
  const letters = new Map<number, number>();
  for (let i = 0; i < MARKS; i += 1) {
    const { letter, bit } = markOf(hash, i);
    letters.set(letter, (letters.get(letter) ?? LETTERS.indexOf(before.charAt(letter))) | bit);
  }
  let after = '';
  let end = 0;
  for (const [letter, value] of [...letters].sort(([a], [b]) => a - b)) {
    after += before.slice(end, letter) + LETTERS.charAt(value & 63);
    end = letter + 1;
  }
  return after + before.slice(end);
}

/** Where the i-th bit of a key is: of the letter of base64 that has it. Bits are counted from the lowest one of each byte. */
function markOf(hash: number, i: number): { readonly letter: number; readonly bit: number } {
  const mark = (hash + i * ((hash >>> 15) | 1)) % PAGE_BITS;
  const place = mark ^ 7;
  return { letter: Math.floor(place / 6), bit: 32 >> (place % 6) };
}

/** FNV-1a with the finish of MurmurHash3, so that keys that differ in their last letter alone lie apart. 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
