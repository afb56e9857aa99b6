import type { Capabilities, ModelInfo } from '../contracts/model.ts';
import type { Repair, StoredFile } from '../records/types.ts';
import { List } from '../state/list.ts';
import type { Entry, State } from '../state/state.ts';
import { limitsOf, takes, tooLarge, weightOf } from './limits.ts';
import { kindOf } from './kind.ts';

/** What becomes of the files in a window. */
export interface FileChoice {
  /** Files that a request doesn't hold, with the reason that the model is told. */
  readonly left: ReadonlyMap<StoredFile, string>;
  /** All others, oldest first. */
  readonly sent: readonly StoredFile[];
  /** Where files last made room: reasoning before it was bound to a prefix that is another one now. 0 = never. */
  readonly from: number;
}

interface Candidate {
  readonly file: StoredFile;
  readonly seq: number;
  readonly weight: number;
}

const NOTHING: FileChoice = { left: new Map(), sent: [], from: 0 };

/** Facts of a state that the choice depends on. */
export interface FileFacts {
  readonly lost?: readonly string[] | undefined;
  readonly repair?: Repair | undefined;
}

/**
 * Which files a request holds. Pure, and steady: read from the oldest to the newest, files that no longer fit make room all at once, down
 * to half of the limit, so that what is sent stays a prefix of what is sent next until they do so again.
 */
export function chooseFiles(
  entries: Iterable<Entry>,
  { lost, repair }: FileFacts,
  capabilities: Capabilities,
): FileChoice {
  const left = new Map<StoredFile, string>();
  let kept: Candidate[] = [];
  let from = 0;
  let any = false;
  for (const { seq, record } of entries) {
    if (record.type === 'step' || record.attachments === undefined) continue;
    any = true;
    for (const file of record.attachments) {
      const why = reasonOf(file, seq, record.type === 'result', { lost, repair }, capabilities);
      if (why === undefined) kept.push({ file, seq, weight: weightOf(file) });
      else left.set(file, why);
    }
    const fitting = makeRoom(kept, seq, capabilities);
    if (fitting.length === kept.length) continue;
    const stays = new Set(fitting);
    for (const one of kept) if (!stays.has(one)) left.set(one.file, 'it made room for newer ones');
    kept = fitting;
    from = seq;
  }
  return any ? { left, sent: kept.map(({ file }) => file), from } : NOTHING;
}

/** Why a file can't be sent whatever is beside it. */
function reasonOf(
  file: StoredFile,
  seq: number,
  inResult: boolean,
  { lost, repair }: FileFacts,
  capabilities: Capabilities,
): string | undefined {
  const [first, last] = repair?.attachments ?? [0, -1];
  if (lost?.includes(file.sha256)) return 'its bytes can not be read any more';
  if (seq >= first && seq <= last) return 'the provider refused it';
  if (!takes(file.mediaType, capabilities, inResult)) return 'this model can not be shown such a file here';
  const large = tooLarge(file, { capabilities });
  return large === undefined ? undefined : `it ${large}`;
}

/** What stays of the candidates: all of them where they fit; else older ones go until half is free, and newest ones only where they must. */
function makeRoom(kept: Candidate[], newest: number, capabilities: Capabilities): Candidate[] {
  if (fits(kept, capabilities, 1)) return kept;
  let stays = kept;
  while (stays[0] !== undefined && stays[0].seq < newest && !fits(stays, capabilities, 0.5)) stays = stays.slice(1);
  while (stays.length > 0 && !fits(stays, capabilities, 1)) stays = stays.slice(1);
  return stays;
}

function fits(files: readonly Candidate[], capabilities: Capabilities, share: number): boolean {
  const { total, count, many, manyEdge } = limitsOf(capabilities);
  const images = files.filter(({ file }) => kindOf(file.mediaType) === 'image');
  const large = images.some(({ file: { pixels = [0, 0] } }) => Math.max(...pixels) > manyEdge);
  if (large && images.length > many * share) return false;
  return files.length <= count * share && files.reduce((sum, { weight }) => sum + weight, 0) <= total * share;
}

/** The window with the tokens that it takes when files are left out, for models of which the estimate was not made. */
function weighed(entries: readonly Entry[], { left }: FileChoice): Entry[] {
  return entries.map((entry) => {
    const { record } = entry;
    if (record.type === 'step' || record.attachments === undefined) return entry;
    const spared = record.attachments.reduce((sum, file) => sum + (left.has(file) ? file.tokens - NOTE : 0), 0);
    return spared === 0 ? entry : { ...entry, tokens: entry.tokens - spared };
  });
}

/** Tokens of the words that stand for a file. */
const NOTE = 40;

/** The state as it weighs for this model: a file that it isn't shown takes no room. */
export function weighedFor(state: State, { info }: { readonly info: ModelInfo }): State {
  const choice = chooseFiles(state.entries, state, info.capabilities);
  if (choice.left.size === 0) return state;
  const entries = weighed(state.entries.toArray(), choice);
  return { ...state, entries: List.of(entries), tokens: entries.reduce((sum, { tokens }) => sum + tokens, 0) };
}
