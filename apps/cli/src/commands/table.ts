import type { Command } from '@reprise/tui';
import { define, one } from './define.ts';
import { ANSWER, DELETE, FORK, MODELS, READ, RUN, SERVE } from './options.ts';
import { SESSION_FILES, SESSION_HISTORY } from './session/table.ts';
import { TOKEN } from './token/table.ts';

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
  summary:
    'Print the whole history of a session and what was taken back of it, also while in use or damaged. Writes nothing.',
  operands: one,
  options: READ,
  examples: [
    ['reprise session show ID', 'to read'],
    ["reprise session show ID --json | jq '[.messages[] | select(.takenBack | not)][-1].content'", 'the last message'],
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

const serve = define({
  name: 'serve',
  summary: 'Serve the sessions over HTTP, to those who have the token.',
  details: `Prints the URL to standard output, and to standard error where the access token is: in a file that only you can read,
made at the first start, or yours from REPRISE_SERVER_TOKEN. "reprise token add" makes tokens for others, with less power.
GET /v1/openapi.json describes the API.
SIGTERM and SIGINT store what runs, and end it.
An address that others can reach needs REPRISE_SERVER_TOKEN or a named token, --allow-hosts, and TLS or --behind-proxy.`,
  operands: { usage: '', min: 0, max: 0 },
  options: SERVE,
  examples: [
    ['reprise serve', 'on http://127.0.0.1:4777'],
    ['curl -H "Authorization: Bearer $(cat ~/.opencode/server-token)" 127.0.0.1:4777/v1/sessions', 'ask it'],
  ],
  load: async () => (await import('./serve.ts')).serve,
});

/** The program at a glance. Each command is a chunk of its own, loaded when it runs. */
export const COMMANDS: readonly Command<any>[] = [
  run,
  list,
  show,
  info,
  usage,
  SESSION_FILES.search,
  SESSION_HISTORY.rewind,
  SESSION_HISTORY.undo,
  SESSION_HISTORY.redo,
  fork,
  SESSION_HISTORY.tree,
  approvals,
  answer,
  remove,
  SESSION_FILES.exporting,
  SESSION_FILES.importing,
  SESSION_FILES.replay,
  SESSION_FILES.verify,
  SESSION_FILES.repair,
  SESSION_FILES.gc,
  models,
  serve,
  TOKEN.add,
  TOKEN.list,
  TOKEN.remove,
];
