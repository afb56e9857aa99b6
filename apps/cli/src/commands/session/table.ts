import { define, one } from '../define.ts';
import { EXPORT, IMPORT, READ, REPLAY, SEARCH, TIDY } from '../options.ts';

const exporting = define({
  name: 'session export',
  summary: 'Write a session as JSON to standard output.',
  operands: one,
  options: EXPORT,
  examples: [['reprise session export ID > session.json', '']],
  load: async () => (await import('./transfer.ts')).exporting,
});

const importing = define({
  name: 'session import',
  summary: 'Take in an exported session, or an array of messages, and print its id.',
  operands: { usage: 'FILE|-', min: 1, max: 1 },
  options: IMPORT,
  examples: [
    ['reprise session import session.json', ''],
    ['ssh host reprise session export ID | reprise session import -', 'from another machine'],
  ],
  load: async () => (await import('./transfer.ts')).importing,
});

const verify = define({
  name: 'session verify',
  summary: 'Check every byte of a session. Exit code 0 only if nothing is damaged. Writes nothing.',
  operands: one,
  options: READ,
  examples: [['reprise session verify ID', '']],
  load: async () => (await import('./files.ts')).verify,
});

const repair = define({
  name: 'session repair',
  summary: 'Make a damaged session whole: what can be read stays, the rest is put aside. The log as it was is kept.',
  operands: one,
  options: TIDY,
  examples: [
    ['reprise session repair --dry-run ID', 'what it would do'],
    ['reprise session repair ID', ''],
  ],
  load: async () => (await import('./files.ts')).repair,
});

const gc = define({
  name: 'session gc',
  summary: 'Remove what crashes left behind and nobody can need. Sessions in use are passed over.',
  operands: { usage: '', min: 0, max: 0 },
  options: TIDY,
  examples: [
    ['reprise session gc --dry-run', 'what it would remove'],
    ['reprise session gc', ''],
  ],
  load: async () => (await import('./files.ts')).gc,
});

const search = define({
  name: 'session search',
  summary: 'Find words in the messages of all sessions, newest sessions first.',
  operands: { usage: 'TEXT…', min: 1, max: Infinity },
  options: SEARCH,
  examples: [
    ['reprise session search database migration', 'every word, or words that begin so'],
    ["reprise session search --json retry | jq -r '.[].id' | uniq", 'the sessions only'],
  ],
  load: async () => (await import('./search.ts')).search,
});

const replay = define({
  name: 'session replay',
  summary: 'Play the turns of a session or a cassette again, without network, and compare the records. Has no effect.',
  details: `FILE, which has a dot or a slash in its name (or is -, standard input), is what "reprise run --record" wrote. ID takes a session's
own log in place of a recording: what the models were asked is then not compared, for a log doesn't hold it.
Tools are not run: they give what they gave. Exit code 1 at the first difference, which is told.`,
  operands: { usage: 'ID|FILE', min: 1, max: 1 },
  options: REPLAY,
  examples: [
    ['reprise run --record turn.jsonl "Fix the tests"', 'record'],
    ['reprise session replay turn.jsonl', 'the same again, with the version that is installed now'],
    ['reprise session replay ID', 'a session that nobody recorded'],
  ],
  load: async () => (await import('./replay.ts')).replay,
});

export { SESSION_HISTORY } from './history-table.ts';

/** Commands on sessions as a whole: their bytes, copies elsewhere, what is in them. */
export const SESSION_FILES = { exporting, importing, verify, repair, gc, search, replay } as const;
