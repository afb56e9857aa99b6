import type { Command, Options } from '@reprise/tui';
import { ANSWER, DELETE, EXPORT, FORK, IMPORT, MODELS, READ, REPLAY, RUN, SEARCH, TIDY } from './options.ts';

/** Holds a handler to the options of its command. */
function define<O extends Options>(command: Command<O>): Command<O> {
  return command;
}

const one = { usage: 'ID', min: 1, max: 1 };

const run = define({
  name: 'run',
  summary: 'Send a prompt, run the tools that the model asks for, print the answer.',
  details: `Words are joined to one prompt. Standard input is appended to it when it is a pipe or a file; a pipe that stays silent for
3 s (a socket: 0.5 s) is left alone if there is a prompt already. A lone - waits for the whole input however long it takes.
The answer goes to standard output, everything else to standard error.
The model: --model, else the configuration, else the provider whose key is in the environment, else demo/offline on a terminal.`,
  operands: { usage: '[prompt…]', min: 0, max: Infinity },
  options: RUN,
  examples: [
    ['reprise run "Explain what this repository does"', 'a new session'],
    ['reprise run --continue "Now write the tests"', 'the same session, next turn'],
    ['reprise run --continue --steer "Leave the docs alone"', 'into the turn that runs in another terminal'],
    ['reprise run --continue --recover', 'carry on the turn that a crash left open'],
    ['reprise run --attach shot.png "What is wrong in this picture?"', 'with a file'],
    ['git diff | reprise run "Review this change"', 'standard input behind the prompt'],
    ['reprise run --model demo/offline "list this folder"', 'without any account or network'],
    ['reprise run --output-format json "Name this module" | jq -r .message.content', 'for scripts'],
  ],
  load: async () => (await import('./run.ts')).run,
});

const list = define({
  name: 'session list',
  summary: 'List the sessions, newest first.',
  operands: { usage: '', min: 0, max: 0 },
  options: READ,
  examples: [
    ['reprise session list', 'a table'],
    ["reprise session list --json | jq -r '.[0].id'", 'the newest id'],
  ],
  load: async () => (await import('./session/list.ts')).list,
});

const show = define({
  name: 'session show',
  summary: 'Print the whole history of a session, also while it is in use or damaged. Writes nothing.',
  operands: one,
  options: READ,
  examples: [
    ['reprise session show ID', 'to read'],
    ["reprise session show ID --json | jq '.messages[-1].content'", 'the last message'],
  ],
  load: async () => (await import('./session/show.ts')).show,
});

const info = define({
  name: 'session info',
  summary: 'Print what a session is: model, times, sizes, where it comes from.',
  operands: one,
  options: READ,
  examples: [['reprise session info ID', '']],
  load: async () => (await import('./session/list.ts')).info,
});

const usage = define({
  name: 'session usage',
  summary: 'Print what the model calls of a session took: tokens of each kind and dollars, by model and in all.',
  operands: one,
  options: READ,
  examples: [
    ['reprise session usage ID', 'with its sub-sessions, if it has any'],
    ['reprise session usage ID --json | jq .all.total.cost', 'dollars'],
  ],
  load: async () => (await import('./session/list.ts')).usage,
});

const fork = define({
  name: 'session fork',
  summary: 'Copy a session and print the id of the copy.',
  operands: one,
  options: FORK,
  examples: [
    ['reprise session fork ID', 'all of it'],
    ['reprise run --session "$(reprise session fork ID)" "Try it another way"', 'and go on there'],
  ],
  load: async () => (await import('./session/change.ts')).fork,
});

const remove = define({
  name: 'session delete',
  summary: 'Delete sessions for good. Asks on a terminal.',
  operands: { usage: 'ID…', min: 1, max: Infinity },
  options: DELETE,
  examples: [
    ['reprise session delete ID', ''],
    ['reprise session delete --yes ID1 ID2', 'in a script'],
  ],
  load: async () => (await import('./session/change.ts')).remove,
});

const exporting = define({
  name: 'session export',
  summary: 'Write a session as JSON to standard output.',
  operands: one,
  options: EXPORT,
  examples: [['reprise session export ID > session.json', '']],
  load: async () => (await import('./session/transfer.ts')).exporting,
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
  load: async () => (await import('./session/transfer.ts')).importing,
});

const verify = define({
  name: 'session verify',
  summary: 'Check every byte of a session. Exit code 0 only if nothing is damaged. Writes nothing.',
  operands: one,
  options: READ,
  examples: [['reprise session verify ID', '']],
  load: async () => (await import('./session/files.ts')).verify,
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
  load: async () => (await import('./session/files.ts')).repair,
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
  load: async () => (await import('./session/files.ts')).gc,
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
  load: async () => (await import('./session/search.ts')).search,
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
  load: async () => (await import('./session/replay.ts')).replay,
});

const approvals = define({
  name: 'session approvals',
  summary: 'List what a session waits for: calls that somebody must allow, and questions. Writes nothing.',
  operands: one,
  options: READ,
  examples: [
    ['reprise session approvals ID', ''],
    ["reprise session approvals ID --json | jq -r '.[0].id'", 'the oldest question'],
  ],
  load: async () => (await import('./session/approvals.ts')).approvals,
});

const answer = define({
  name: 'session answer',
  summary: 'Answer what a session waits for, also while another process holds it. The first answer counts.',
  operands: { usage: 'ID ASK', min: 2, max: 2 },
  options: ANSWER,
  examples: [
    ['reprise session answer ID ASK --allow', 'this call'],
    ['reprise session answer ID ASK --deny --message "Use the test database"', ''],
    ['reprise session answer ID ASK --text blue', 'a question of a tool'],
  ],
  load: async () => (await import('./session/change.ts')).answer,
});

const models = define({
  name: 'models',
  summary: 'List the models that can be named, and whether their key is there.',
  operands: { usage: '', min: 0, max: 0 },
  options: MODELS,
  examples: [
    ['reprise models', ''],
    ['reprise models --live', 'what the providers list now'],
    ["reprise models --json | jq -r '.[].name'", 'names only'],
  ],
  load: async () => (await import('./models.ts')).models,
});

/** The program at a glance. Each command is a chunk of its own, loaded when it runs. */
export const COMMANDS: readonly Command<any>[] = [
  run,
  list,
  show,
  info,
  usage,
  search,
  fork,
  approvals,
  answer,
  remove,
  exporting,
  importing,
  replay,
  verify,
  repair,
  gc,
  models,
];
