import type { Options, Values } from '@reprise/tui';

/** The options as data, apart from the commands, whose types are made from them. */

const json = { type: 'switch', help: 'Print JSON.' } as const;
const storage = {
  type: 'text',
  value: 'MODULE',
  help: "A storage of one's own: a path or an installed package. Default: files.",
} as const;

const server = {
  type: 'text',
  value: 'URL',
  help: 'Work on the sessions of this server; REPRISE_TOKEN holds its token.',
} as const;

export const RUN = {
  model: { type: 'text', value: 'NAME', help: 'provider/model or an alias; "reprise models" lists them.' },
  effort: {
    type: 'choice',
    choices: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
    help: "How hard the model thinks, where it takes that. Default: the provider's.",
  },
  attach: { type: 'list', value: 'FILE', help: 'Send this image, PDF or text file along; may be given several times.' },
  session: { type: 'text', value: 'ID', help: 'Go on with this session.' },
  continue: { type: 'switch', help: 'Go on with the newest session of this working directory.' },
  recover: {
    type: 'switch',
    help: 'With one of them: carry on the turn that a crash left open; no prompt.',
  },
  fork: { type: 'switch', help: 'With --session or --continue: go on in a copy.' },
  queue: { type: 'switch', help: 'Where a turn runs on the session: wait, and be answered after it.' },
  steer: { type: 'switch', help: 'Where a turn runs on the session: become part of it.' },
  tools: { type: 'text', value: 'A,B', help: 'Offer exactly these tools; "" = none. Default: all.' },
  system: { type: 'text', value: 'TEXT', help: 'System prompt in place of the default one.' },
  'max-steps': { type: 'count', value: 'N', help: 'Model calls in this turn at most. Default: 50.' },
  'budget-tokens': { type: 'count', value: 'N', help: 'Tokens of this turn at most, input and output of every call.' },
  'budget-cost': { type: 'text', value: 'USD', help: 'Dollars of this turn at most. The model must have a price.' },
  'budget-time': {
    type: 'text',
    value: 'TIME',
    help: 'Time of this turn at most, without waits for your answers: 90s, 10m, 1h.',
  },
  'session-budget-steps': { type: 'count', value: 'N', help: 'Model calls of all turns of the session together.' },
  'session-budget-tokens': { type: 'count', value: 'N', help: 'Tokens of all of them together.' },
  'session-budget-cost': { type: 'text', value: 'USD', help: 'Dollars of all of them together.' },
  'session-budget-time': { type: 'text', value: 'TIME', help: 'Time of all of them together.' },
  permission: {
    type: 'choice',
    choices: ['ask', 'accept-edits', 'auto', 'deny'],
    help: 'What may run unasked. Default: ask, which is no where nobody can be asked.',
  },
  'on-ask': {
    type: 'choice',
    choices: ['wait', 'deny', 'fail'],
    help: 'Where a call needs a person: wait for "session answer", or end with code 6.',
  },
  'context-window': { type: 'count', value: 'TOKENS', help: "Use at most so many tokens. Default: the model's." },
  cwd: { type: 'text', value: 'DIR', help: 'Working directory of the tools. Default: where you are.' },
  title: { type: 'text', value: 'TEXT', help: 'Name of the session in lists.' },
  'output-schema': { type: 'text', value: 'FILE', help: 'Ask for a value that fits the JSON schema in this file.' },
  'output-format': {
    type: 'choice',
    choices: ['text', 'json', 'stream-json'],
    help: 'Default: text.',
  },
  record: {
    type: 'text',
    value: 'FILE',
    help: 'Append the model calls and the records to a cassette, for "session replay".',
  },
  storage,
  server,
} as const satisfies Options;

/** Of commands that read one session or all. */
export const READ = { json, storage, server } as const satisfies Options;

/** Of commands that change one session. */
export const CHANGE = { json, storage, server } as const satisfies Options;

export const TREE = {
  below: { type: 'switch', help: 'Only what lies below the session.' },
  limit: { type: 'count', value: 'N', help: 'So many sessions at most, up to 1000. Default: 200.' },
  json,
  storage,
  server,
} as const satisfies Options;

export const REPLAY = {
  lenient: { type: 'switch', help: 'Compare the records only, and not what the models are asked.' },
  json,
  storage,
  server,
} as const satisfies Options;

const tokens = {
  type: 'text',
  value: 'FILE',
  help: 'Where named tokens are. Default: REPRISE_TOKENS, else beside the sessions.',
} as const;

export const TOKEN_ADD = {
  scopes: { type: 'text', value: 'A,B', help: 'What it allows: read, write, approve, admin. Default: all of them.' },
  owns: { type: 'switch', help: 'It sees the sessions that it made, and no others.' },
  rate: { type: 'text', value: 'N/TIME', help: 'Requests at most: 10/s, 300/m, 5000/h. Default: as many as it likes.' },
  tokens,
  json,
} as const satisfies Options;

/** Of the other commands on tokens. */
export const TOKENS = { tokens, json } as const satisfies Options;

export const SERVE = {
  host: { type: 'text', value: 'ADDRESS', help: 'Where to listen. Default: 127.0.0.1.' },
  port: { type: 'text', value: 'N', help: 'Default: 4777; 0 takes a free one.' },
  'token-file': {
    type: 'text',
    value: 'FILE',
    help: 'Where the access token is. Default: server-token beside the sessions.',
  },
  tokens,
  'allow-hosts': {
    type: 'text',
    value: 'A,B',
    help: 'Host names under which it is asked. Default: those of this machine.',
  },
  'allow-origins': {
    type: 'text',
    value: 'A,B',
    help: 'Origins of web pages that may ask, such as https://app.example.',
  },
  'tls-cert': { type: 'text', value: 'FILE', help: 'Certificate, PEM: the server then speaks TLS. With --tls-key.' },
  'tls-key': { type: 'text', value: 'FILE', help: 'The private key of it.' },
  audit: {
    type: 'text',
    value: 'FILE',
    help: 'Add a line of JSON there for each request: who, what, when, how it went.',
  },
  rate: {
    type: 'text',
    value: 'N/TIME',
    help: 'Requests of a token that has no rate of its own: 10/s, 300/m. Default: no limit.',
  },
  log: {
    type: 'switch',
    help: 'Requests and errors as lines of JSON to standard error, without what was said.',
  },
  otel: { type: 'switch', help: 'Spans of turns, by the OpenTelemetry SDK that NODE_OPTIONS="--import …" has set up.' },
  'otel-content': { type: 'switch', help: 'The same, with what was said and what tools got and gave.' },
  'behind-proxy': { type: 'switch', help: 'With a public --host: a proxy in front of it speaks TLS.' },
  model: { type: 'text', value: 'NAME', help: 'Model of sessions that name none.' },
  permission: {
    type: 'choice',
    choices: ['ask', 'accept-edits', 'auto', 'deny'],
    help: 'What may run unasked. Default: ask; the questions wait for an answer.',
  },
  recover: {
    type: 'choice',
    choices: ['interrupt', 'continue'],
    help: 'Turns that a crash left open: end them, or go on. Default: interrupt.',
  },
  cwd: { type: 'text', value: 'DIR', help: 'Working directory of the tools. Default: where you are.' },
  storage,
} as const satisfies Options;

export const SEARCH = {
  limit: { type: 'count', value: 'N', help: 'So many places at most. Default: 20.' },
  json,
  storage,
  server,
} as const satisfies Options;

export const MODELS = {
  live: { type: 'switch', help: 'Ask the providers whose keys are set, and the local servers.' },
  json,
  server,
} as const satisfies Options;

export const ANSWER = {
  allow: { type: 'switch', help: 'Let this call run.' },
  always: { type: 'switch', help: 'Let it run, and the same call whenever it comes again in this session.' },
  deny: { type: 'switch', help: "Don't let it run." },
  message: { type: 'text', value: 'TEXT', help: 'With --deny: what the model is told.' },
  text: { type: 'text', value: 'TEXT', help: 'The answer to a question of a tool.' },
  json,
  storage,
  server,
} as const satisfies Options;

/** Of commands that clean up. */
export const TIDY = {
  'dry-run': { type: 'switch', help: 'Only say what would be done.' },
  json,
  storage,
  server,
} as const satisfies Options;

export const FORK = {
  from: { type: 'text', value: 'MESSAGE', help: 'Copy up to this message, with it. Default: everything.' },
  id: { type: 'text', value: 'NEW', help: 'Id of the copy.' },
  json,
  storage,
  server,
} as const satisfies Options;

export const DELETE = {
  yes: { type: 'switch', short: 'y', help: "Don't ask. Needed where nobody can be asked." },
  json,
  storage,
  server,
} as const satisfies Options;

export const EXPORT = {
  'no-redact': { type: 'switch', help: 'Leave text that looks like a key as it is.' },
  json: { type: 'switch', help: 'Taken for symmetry; the output is JSON anyway.' },
  storage,
  server,
} as const satisfies Options;

export const IMPORT = {
  'new-id': { type: 'switch', help: 'Give it a new id where its own is taken.' },
  model: { type: 'text', value: 'NAME', help: 'Its model from now on. An array of messages needs one.' },
  json,
  storage,
  server,
} as const satisfies Options;

export type RunFlags = Values<typeof RUN>;
export type ServeFlags = Values<typeof SERVE>;
export type StoreFlags = { readonly storage?: string; readonly server?: string };
