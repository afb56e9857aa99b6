import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { historyOf, type Done, type History } from './history.ts';
import { summaryOf } from './summary.ts';
import { EXAMPLES, understand, type Intent } from './understand.ts';

export interface PlannedCall {
  readonly tool: string;
  readonly input: Readonly<Record<string, string>>;
}

/** One reply: text, then calls. Without calls the turn is over. */
export interface Plan {
  readonly text: string;
  readonly calls: readonly PlannedCall[];
}

const DISCLAIMER = 'This is demo/offline: a script, no AI model.';
const REMINDER = '(demo/offline, no AI model)';
const REAL_MODEL =
  'For a real model set ANTHROPIC_API_KEY, OPENAI_API_KEY or GEMINI_API_KEY and choose one with --model, for example ' +
  '--model anthropic/claude-sonnet-5-5.';

/** Pure: the same prompt and tools give the same reply. */
export function plan(options: Pick<LanguageModelV4CallOptions, 'prompt' | 'tools'>): Plan {
  const history = historyOf(options.prompt);
  const tools = new Set((options.tools ?? []).map((tool) => tool.name));
  const request = history.asked.at(-1) ?? '';
  const intent = understand(request);
  const failed = history.done.find((call) => call.failed);
  // One unreadable file does not spoil a summary; what else fails is the answer.
  if (failed && intent.kind !== 'summarise') return say(failure(failed));
  return next(intent, history, tools);
}

function next(intent: Intent, history: History, tools: ReadonlySet<string>): Plan {
  const { done } = history;
  const last = done.at(-1);
  switch (intent.kind) {
    case 'list':
      return list(intent, last, tools);
    case 'read':
      if (last) return say(`${intent.path} holds:\n\n${block(last.text)}`);
      return tools.has('read') ? call(`I read ${intent.path}.`, 'read', { path: intent.path }) : lacking('read');
    case 'search':
      if (last) return say(`Search for "${intent.shown}":\n\n${block(last.text)}`);
      return tools.has('grep')
        ? call(`I search for "${intent.shown}".`, 'grep', {
            pattern: intent.pattern,
            ...(intent.path ? at(intent.path) : {}),
          })
        : lacking('grep');
    case 'write':
      if (last) return say(`I wrote ${intent.path} (${[...intent.content].length} characters).`);
      return tools.has('write')
        ? call(`I write ${intent.path}.`, 'write', { path: intent.path, content: intent.content })
        : lacking('write');
    case 'edit':
      return edit(intent, last, tools);
    case 'run':
      if (last) return say(`\`${intent.command}\` gave:\n\n${block(last.text)}`);
      return tools.has('bash')
        ? call(`I run \`${intent.command}\`.`, 'bash', { command: intent.command })
        : lacking('bash');
    case 'summarise':
      return summarise(intent.path, done, tools);
    case 'recall':
      return say(recall(history));
    case 'help':
      return say(help());
  }
}

/** Reading a folder shows its folders too, which no search for files does. */
function list(intent: Extract<Intent, { kind: 'list' }>, last: Done | undefined, tools: ReadonlySet<string>): Plan {
  const where = place(intent.path);
  if (last) return say(`Found in ${where}:\n\n${block(last.text)}`);
  if (intent.pattern !== undefined)
    return tools.has('glob')
      ? call(`I look for ${intent.pattern}.`, 'glob', { pattern: intent.pattern })
      : lacking('glob');
  if (tools.has('read')) return call(`I list ${where}.`, 'read', { path: intent.path });
  if (tools.has('glob')) return call(`I list ${where}.`, 'glob', { pattern: './*', ...at(intent.path) });
  if (tools.has('bash')) return call(`I list ${where}.`, 'bash', { command: `ls -1 -- ${quoted(intent.path)}` });
  return lacking('read');
}

/** Reads first where it can: an edit of a file that nobody has looked at is a guess. */
function edit(intent: Extract<Intent, { kind: 'edit' }>, last: Done | undefined, tools: ReadonlySet<string>): Plan {
  if (last?.tool === 'edit') return say(`I replaced "${intent.from}" with "${intent.to}" in ${intent.path}.`);
  if (!tools.has('edit')) return lacking('edit');
  if (!last && tools.has('read')) return call(`I read ${intent.path} first.`, 'read', { path: intent.path });
  return call(`I edit ${intent.path}.`, 'edit', { path: intent.path, oldString: intent.from, newString: intent.to });
}

/** Step 1 looks what there is (files, and folders where it can), step 2 reads what tells most, step 3 says it. */
function summarise(path: string, done: readonly Done[], tools: ReadonlySet<string>): Plan {
  const files = done.find((one) => one.tool === 'glob');
  if (!files) return tools.has('glob') ? look(path, tools) : lacking('glob');
  const isListing = (one: Done): boolean => one.tool === 'read' && one.input.path === path;
  const folder = done.find((one) => isListing(one) && !one.failed);
  if (files.failed && !folder) return say(failure(files));
  const reads = done.filter((one) => one.tool === 'read' && !isListing(one));
  if (reads.length === 0 && tools.has('read')) {
    const wanted = telling(files.text).map((file) => (path === '.' || file.includes('/') ? file : `${path}/${file}`));
    if (wanted.length > 0) {
      const calls = wanted.map((file) => ({ tool: 'read', input: { path: file } }));
      return { text: `I read ${wanted.join(' and ')}. ${REMINDER}\n`, calls };
    }
  }
  return say(summaryOf(place(path), folder ?? files, reads));
}

function look(path: string, tools: ReadonlySet<string>): Plan {
  const first = call(`I look at what is in ${place(path)}.`, 'glob', { pattern: './*', ...at(path) });
  return tools.has('read') ? { ...first, calls: [...first.calls, { tool: 'read', input: { path } }] } : first;
}

/** The two files of a listing that tell most about a folder. */
function telling(listing: string): string[] {
  const lines = listing.split('\n').map((line) => line.trim());
  const wanted = [/(^|\/)readme\.md$/i, /(^|\/)package\.json$/, /(^|\/)readme[^/]*$/i, /\.(md|txt|json|toml)$/i];
  const found = wanted.flatMap((pattern) => lines.filter((line) => pattern.test(line)));
  return [...new Set(found)].slice(0, 2);
}

function recall({ asked }: History): string {
  const before = asked.slice(0, -1).filter((text) => text !== '');
  if (before.length === 0) return 'You asked nothing before this in what I can see of the session.';
  const list = before.map((text, i) => `${i + 1}. ${text.split('\n')[0] ?? ''}`);
  return `Before this you asked:\n\n${list.join('\n')}`;
}

function help(): string {
  return `I know only these requests:\n\n${EXAMPLES.map((line) => `- ${line}`).join('\n')}\n\n${REAL_MODEL}`;
}

function failure(call: Done): string {
  return `The call of \`${call.tool}\` did not succeed, so I stop here. It said:\n\n${block(call.text)}`;
}

function lacking(tool: string): Plan {
  return say(`For that I need the tool \`${tool}\`, which is not offered in this session.`);
}

function say(text: string): Plan {
  return { text: text.endsWith('\n') ? `${DISCLAIMER} ${text}` : `${DISCLAIMER} ${text}\n`, calls: [] };
}

function call(text: string, tool: string, input: PlannedCall['input']): Plan {
  return { text: `${text} ${REMINDER}\n`, calls: [{ tool, input }] };
}

function place(path: string): string {
  return path === '.' ? 'this folder' : path;
}

function at(path: string): { path?: string } {
  return path === '.' ? {} : { path };
}

/** A fence that the text cannot close, and at most 40 lines of it. */
function block(text: string): string {
  const lines = text.trimEnd().split('\n');
  const shown = lines.slice(0, 40).join('\n');
  const fence = '`'.repeat(Math.max(3, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  const rest = lines.length > 40 ? `\n… ${lines.length - 40} more lines` : '';
  return `${fence}\n${shown || '(nothing)'}\n${fence}${rest}`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
