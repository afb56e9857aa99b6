import { checkAnthropicMedia } from './media.ts';
import { brokenRules, isObject, type BrokenRule, type Json, type Report } from './rules.ts';

export interface AnthropicRules {
  /** Requests that hold tool calls must define tools (some hosts of the API insist). Default false. */
  readonly toolsForHistory?: boolean;
}

/**
 * The rules of Anthropic's Messages API that a request can break (`400 invalid_request_error`), as its documentation and
 * its error messages state them. Stricter than the API in three places, on purpose: roles must alternate (the API joins
 * neighbours), the last message must be the user's (the newest models refuse a prefilled answer), and whitespace alone
 * counts as no text everywhere.
 */
export function validateAnthropicRequest(body: unknown, rules: AnthropicRules = {}): BrokenRule[] {
  return brokenRules(body, (request, report) => {
    checkSettings(request, report);
    const tools = checkTools(request, report);
    if (!Array.isArray(request.messages) || request.messages.length === 0)
      report('messages', 'messages', 'At least one message is required.');
    else checkMessages(request.messages, request, tools, rules, report);
    checkMarks(request, report);
    checkAnthropicMedia(request, report);
  });
}

function checkSettings(body: Json, report: Report): void {
  if (typeof body.model !== 'string' || body.model === '') report('model', 'model', 'Field required.');
  if (!Number.isInteger(body.max_tokens) || body.max_tokens < 1)
    report('max-tokens', 'max_tokens', 'A positive whole number is required.');
  if (body.temperature !== undefined && !(body.temperature >= 0 && body.temperature <= 1))
    report('temperature', 'temperature', 'Must be between 0 and 1.');
  const thinking = body.thinking;
  if (thinking?.type === 'enabled') {
    if (!(thinking.budget_tokens >= 1024))
      report('thinking-budget', 'thinking', 'budget_tokens must be at least 1024.');
    if (thinking.budget_tokens >= body.max_tokens)
      report('thinking-budget', 'thinking', 'budget_tokens must be less than max_tokens.');
    if (body.temperature !== undefined && body.temperature !== 1)
      report('thinking-temperature', 'temperature', 'Only 1 is taken while thinking is enabled.');
  }
  if (Array.isArray(body.system)) {
    for (const [i, block] of body.system.entries()) checkText(block, `system[${i}]`, report);
  } else if (body.system !== undefined && typeof body.system !== 'string') {
    report('system', 'system', 'Must be text or an array of text blocks.');
  }
}

function checkTools(body: Json, report: Report): Set<string> {
  const names = new Set<string>();
  if (body.tools === undefined) return names;
  if (!Array.isArray(body.tools)) {
    report('tools', 'tools', 'Must be an array.');
    return names;
  }
  for (const [i, tool] of body.tools.entries()) {
    const path = `tools[${i}]`;
    if (typeof tool?.name !== 'string' || !/^[a-zA-Z0-9_-]{1,128}$/.test(tool.name))
      report('tool-name', path, `Bad name ${JSON.stringify(tool?.name)}.`);
    else if (names.has(tool.name)) report('tool-name', path, `Tool names must be unique: ${tool.name}.`);
    names.add(tool?.name);
    const provided = typeof tool?.type === 'string' && tool.type !== 'custom';
    if (!provided && tool?.input_schema?.type !== 'object')
      report('tool-schema', path, 'input_schema must be a schema of type object.');
  }
  return names;
}

function checkMessages(
  messages: unknown[],
  body: Json,
  tools: Set<string>,
  rules: AnthropicRules,
  report: Report,
): void {
  const ids = new Set<string>();
  let role = '';
  let open: string[] = [];
  for (const [i, message] of messages.entries()) {
    const path = `messages[${i}]`;
    if (!isObject(message) || (message.role !== 'user' && message.role !== 'assistant')) {
      report('role', path, 'The role must be user or assistant.');
      continue;
    }
    if (i === 0 && message.role !== 'user') report('first-role', path, "The first message must be the user's.");
    if (message.role === role) report('alternate', path, `Two ${role} messages in a row.`);
    role = message.role;
    const content = contentOf(message, path, report);
    if (message.role === 'user') {
      checkResults(content, open, path, report);
      open = [];
      checkUser(content, path, report);
    } else {
      if (open.length > 0) report('pairing', path, `tool_use without tool_result: ${open.join(', ')}.`);
      open = checkAssistant(content, ids, path, report);
    }
  }
  if (open.length > 0) report('pairing', 'messages', `tool_use without tool_result: ${open.join(', ')}.`);
  if (role !== 'user') report('last-role', 'messages', "The last message must be the user's.");
  if (rules.toolsForHistory && ids.size > 0 && tools.size === 0)
    report('tools-for-history', 'tools', 'Requests that hold tool_use blocks must define tools.');
  if (body.thinking?.type === 'enabled') checkThinkingFirst(messages, report);
}

function contentOf(message: Json, path: string, report: Report): Json[] {
  if (typeof message.content === 'string') {
    if (message.content.trim() === '') report('empty-text', path, 'The content is empty.');
    return [];
  }
  if (!Array.isArray(message.content) || message.content.length === 0) {
    report('empty-content', path, 'The content must not be empty.');
    return [];
  }
  return message.content;
}

function checkResults(content: Json[], open: readonly string[], path: string, report: Report): void {
  const seen = new Set<string>();
  let others = false;
  for (const [i, block] of content.entries()) {
    if (block?.type !== 'tool_result') {
      others = true;
      continue;
    }
    const at = `${path}.content[${i}]`;
    if (others) report('results-first', at, 'tool_result blocks come before everything else.');
    if (!open.includes(block.tool_use_id))
      report('pairing', at, `No tool_use ${JSON.stringify(block.tool_use_id)} in the message before.`);
    else if (seen.has(block.tool_use_id)) report('pairing', at, `A second result for ${block.tool_use_id}.`);
    seen.add(block.tool_use_id);
    if (Array.isArray(block.content))
      for (const [j, part] of block.content.entries())
        if (part?.type === 'text') checkText(part, `${at}.content[${j}]`, report);
  }
  const missing = open.filter((id) => !seen.has(id));
  if (missing.length > 0) report('pairing', path, `tool_use without tool_result: ${missing.join(', ')}.`);
}

const USER_BLOCKS = new Set(['text', 'image', 'document', 'tool_result', 'search_result', 'container_upload']);

function checkUser(content: Json[], path: string, report: Report): void {
  for (const [i, block] of content.entries()) {
    const at = `${path}.content[${i}]`;
    if (!USER_BLOCKS.has(block?.type)) report('block', at, `A user message cannot hold ${String(block?.type)}.`);
    if (block?.type === 'text') checkText(block, at, report);
  }
}

/** Gives the ids of the calls that the next message must answer. */
function checkAssistant(content: Json[], ids: Set<string>, path: string, report: Report): string[] {
  const open: string[] = [];
  const served = new Map<string, string>();
  for (const [i, block] of content.entries()) {
    const at = `${path}.content[${i}]`;
    if (block?.type === 'tool_use' || block?.type === 'server_tool_use') checkCall(block, ids, at, report);
    if (block?.type === 'tool_use') open.push(block.id);
    else if (block?.type === 'server_tool_use') served.set(block.id, at);
    else if (typeof block?.type === 'string' && block.type.endsWith('_tool_result')) {
      if (!served.delete(block.tool_use_id)) report('pairing', at, "A server tool's result without its call.");
    } else if (block?.type === 'text') checkText(block, at, report);
    else if (block?.type === 'thinking') {
      if (typeof block.thinking !== 'string') report('thinking', at, 'thinking must be text.');
      if (typeof block.signature !== 'string' || block.signature === '')
        report('signature', at, 'A signature is required.');
    } else if (block?.type === 'redacted_thinking') {
      if (typeof block.data !== 'string' || block.data === '') report('redacted', at, 'data is required.');
    } else if (block?.type === 'tool_result' || block?.type === 'image' || block?.type === 'document')
      report('block', at, `An assistant message cannot hold ${block.type}.`);
    const textual = block?.type === 'text' || block?.type === 'thinking' || block?.type === 'redacted_thinking';
    if (open.length > 0 && textual) report('after-call', at, `${block.type} after tool_use.`);
  }
  for (const [id, at] of served) report('pairing', at, `server_tool_use ${id} without its result.`);
  const last = content.at(-1)?.type;
  if (last === 'thinking' || last === 'redacted_thinking')
    report('thinking-last', path, 'The final block of an assistant message cannot be thinking.');
  return open;
}

function checkCall(block: Json, ids: Set<string>, at: string, report: Report): void {
  if (typeof block.id !== 'string' || !/^[a-zA-Z0-9_-]+$/.test(block.id))
    report('call-id', at, `Bad id ${JSON.stringify(block.id)}.`);
  else if (ids.has(block.id)) report('unique-ids', at, `tool_use ids must be unique: ${block.id}.`);
  ids.add(block.id);
  if (typeof block.name !== 'string' || !/^[a-zA-Z0-9_-]{1,128}$/.test(block.name))
    report('tool-name', at, `Bad name ${JSON.stringify(block.name)}.`);
  if (!isObject(block.input)) report('call-input', at, 'input must be an object.');
}

function checkText(block: Json | undefined, at: string, report: Report): void {
  if (block?.type !== 'text' || typeof block.text !== 'string') report('block', at, 'A text block is required.');
  else if (block.text.trim() === '') report('empty-text', at, 'Text must hold more than whitespace.');
}

/** With budgeted thinking, the assistant turn that the results continue must open with thinking. */
function checkThinkingFirst(messages: unknown[], report: Report): void {
  const lastText = messages.findLastIndex(
    (m: any) =>
      m?.role === 'user' && !(Array.isArray(m.content) && m.content.some((b: Json) => b?.type === 'tool_result')),
  );
  const first = messages.findIndex((m: any, i) => i > lastText && m?.role === 'assistant');
  const type = (messages[first] as Json | undefined)?.content?.[0]?.type;
  if (first !== -1 && type !== 'thinking' && type !== 'redacted_thinking')
    report('thinking-first', `messages[${first}]`, `Expected thinking, found ${String(type)}.`);
}

function checkMarks(body: Json, report: Report): void {
  let marks = 0;
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) value.forEach((item, i) => visit(item, `${path}[${i}]`));
    else if (isObject(value)) {
      if (value.cache_control !== undefined) {
        marks += 1;
        if (value.type === 'thinking' || value.type === 'redacted_thinking')
          report('cache-mark', path, 'Thinking cannot carry cache_control.');
      }
      // What a model wrote into a call's input is data, not structure.
      for (const key of ['content', 'messages', 'system', 'tools'])
        visit(value[key], path === '' ? key : `${path}.${key}`);
    }
  };
  visit(body, '');
  if (marks > 4) report('cache-mark', '', `At most 4 blocks may carry cache_control, found ${marks}.`);
}
