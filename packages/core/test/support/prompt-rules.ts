import type { LanguageModelV4CallOptions, LanguageModelV4Message } from '@ai-sdk/provider';

const CALL_ID = /^[a-zA-Z0-9_-]{1,40}$/;

/**
 * What every provider asks of a request, written from the providers' rules and not from the engine: the problems of a prompt, none if it is
 * valid. `own`: reasoning may only carry metadata of this provider.
 */
export function problemsOf(
  { prompt, tools }: Pick<LanguageModelV4CallOptions, 'prompt' | 'tools'>,
  facts: { readonly own: string; readonly paused?: boolean },
): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  let open: { id: string; tool: string }[] = [];
  // Calls that the provider runs itself once it was told that it may, in the message before; and all those that it was told about.
  let asked: string[] = [];
  const judged = new Set<string>();
  const approvals = new Set<string>();
  let talk = 0;
  prompt.forEach((message, at) => {
    const where = `message ${at} (${message.role})`;
    const say = (problem: string): void => void problems.push(`${where}: ${problem}`);
    if (message.role === 'system') {
      if (at !== 0) say('a system message that is not the first');
      if (message.content.trim() === '') say('empty system text');
      return;
    }
    talk += 1;
    if (talk === 1 && message.role !== 'user') say('the conversation must begin with the user');
    if (message.content.length === 0) say('no content');
    if (open.length > 0 && message.role !== 'tool') say(`calls without results: ${open.map(({ id }) => id).join()}`);
    const answers =
      message.role !== 'tool' ? [] : message.content.filter(({ type }) => type === 'tool-approval-response');
    if (answers.length !== asked.length) say(`${answers.length} verdicts on provider-run calls ${asked.join()}`);
    for (const answer of answers) {
      const id = 'approvalId' in answer ? answer.approvalId : '';
      if (approvals.has(id)) say(`a second verdict on ${id}`);
      approvals.add(id);
    }
    for (const id of asked.splice(0)) judged.add(id);
    if (message.role === 'tool') open = results(message, open, say);
    else {
      open = [];
      const before = prompt[at - 1];
      if (before?.role === message.role) say('the same role twice in a row');
    }
    if (message.role === 'user') {
      for (const part of message.content) if (part.type === 'text' && part.text.trim() === '') say('empty text');
    }
    if (message.role === 'assistant') ({ calls: open, asked } = said(message, { seen, judged }, facts.own, say));
  });
  if (open.length > 0) problems.push(`calls without results at the end: ${open.map(({ id }) => id).join()}`);
  if (asked.length > 0) problems.push(`provider-run calls without results: ${asked.join()}`);
  if (talk === 0) problems.push('no conversation');
  const last = prompt.at(-1)?.role;
  if (last === 'assistant' && !facts.paused) problems.push('the last message is the assistant’s');
  if (last === 'system') problems.push('the last message is the system’s');
  const names = (tools ?? []).map(({ name }) => name);
  if (new Set(names).size !== names.length) problems.push('a tool is offered twice');
  if (tools?.length === 0) problems.push('an empty list of tools');
  return problems;
}

type Saying = (problem: string) => void;

function said(
  message: Extract<LanguageModelV4Message, { role: 'assistant' }>,
  { seen, judged }: { readonly seen: Set<string>; readonly judged: Set<string> },
  own: string,
  say: Saying,
): { calls: { id: string; tool: string }[]; asked: string[] } {
  const calls: { id: string; tool: string }[] = [];
  const provider = new Set<string>();
  const ran = new Set<string>();
  if (message.content.every((part) => part.type === 'reasoning')) say('nothing but reasoning');
  for (const part of message.content) {
    if (calls.length > 0 && !(part.type === 'tool-call' && !part.providerExecuted))
      say(`${part.type} after a client's call`);
    switch (part.type) {
      case 'text':
        if (part.text.trim() === '') say('empty text');
        break;
      case 'reasoning': {
        const from = Object.keys(part.providerOptions ?? {});
        if (!from.includes(own)) say(`reasoning of ${from.join() || 'nobody'} sent to ${own}`);
        if (typeof part.providerOptions?.[own]?.['signature'] !== 'string') say('reasoning without its signature');
        break;
      }
      case 'tool-call':
        if (part.providerExecuted) {
          if (provider.has(part.toolCallId) || ran.has(part.toolCallId))
            say(`provider-run call ${part.toolCallId} twice`);
          provider.add(part.toolCallId);
          ran.add(part.toolCallId);
          break;
        }
        if (!CALL_ID.test(part.toolCallId)) say(`call id ${JSON.stringify(part.toolCallId)}`);
        if (seen.has(part.toolCallId)) say(`call id ${part.toolCallId} twice`);
        seen.add(part.toolCallId);
        if (typeof part.input !== 'object' || part.input === null || Array.isArray(part.input))
          say('input is no object');
        calls.push({ id: part.toolCallId, tool: part.toolName });
        break;
      case 'tool-result':
        if (!provider.delete(part.toolCallId) && !judged.delete(part.toolCallId))
          say(`a result of ${part.toolCallId}, which nobody called`);
        break;
      default:
        break;
    }
  }
  return { calls, asked: [...provider] };
}

function results(
  message: Extract<LanguageModelV4Message, { role: 'tool' }>,
  open: readonly { id: string; tool: string }[],
  say: Saying,
): [] {
  const given = message.content.flatMap((part) => (part.type === 'tool-result' ? [part] : []));
  if (given.map(({ toolCallId }) => toolCallId).join() !== open.map(({ id }) => id).join())
    say('results are not those of the calls, in call order');
  given.forEach((part, at) => {
    if (part.toolName !== open[at]?.tool) say('a result names another tool than its call');
    const { output } = part;
    if ((output.type === 'text' || output.type === 'error-text') && output.value.trim() === '') say('empty result');
  });
  return [];
}

/** Tools, system and the conversation part by part, as canonical JSON: what a provider's cache compares. */
export function flattened({ prompt, tools }: Pick<LanguageModelV4CallOptions, 'prompt' | 'tools'>): string[] {
  const parts = [canonical(tools ?? [])];
  for (const { role, content } of prompt) {
    if (typeof content === 'string') parts.push(canonical({ role, content }));
    else for (const part of content) parts.push(canonical({ role, part }));
  }
  return parts;
}

/** True where `later` goes on where `earlier` ended. */
export function extendsPrefix(earlier: readonly string[], later: readonly string[]): boolean {
  return earlier.length <= later.length && earlier.every((part, at) => part === later[at]);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
