import { checkChatMedia } from './media.ts';
import { brokenRules, checkFunctions, isArguments, isBlank, type BrokenRule, type Json, type Report } from './rules.ts';

/**
 * The rules of OpenAI's chat completions that a request can break. With those of the strictest compatible servers, whose chat
 * templates want roles in turn, one system message and that first, and the last word not the model's.
 */
export function validateChatRequest(body: unknown): BrokenRule[] {
  return brokenRules(body, (request, report) => {
    if (isBlank(request.model)) report('model', 'model', 'Field required.');
    if (request.temperature !== undefined && !(request.temperature >= 0 && request.temperature <= 2))
      report('temperature', 'temperature', 'Must be between 0 and 2.');
    if (Array.isArray(request.stop) && request.stop.length > 4) report('stop', 'stop', 'At most 4.');
    const functions = (request.tools ?? []).map((tool: Json) => tool?.function);
    if (request.tools !== undefined && functions.length === 0) report('tools', 'tools', 'Must not be empty.');
    checkFunctions(functions, 'tools', NAME, report);
    if (!Array.isArray(request.messages) || request.messages.length === 0)
      report('messages', 'messages', 'At least one message is required.');
    else checkMessages(request.messages, report);
    checkChatMedia(request, report);
  });
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
/** What OpenAI takes. */
const LONGEST_ID = 40;

function checkMessages(messages: readonly Json[], report: Report): void {
  const ids = new Set<string>();
  let open: string[] = [];
  let role = '';
  for (const [i, message] of messages.entries()) {
    const at = `messages[${i}]`;
    if (message?.role === 'tool') {
      if (!open.includes(message.tool_call_id))
        report('pairing', at, `tool message without a preceding call ${JSON.stringify(message.tool_call_id)}.`);
      open = open.filter((id) => id !== message.tool_call_id);
      if (typeof message.content !== 'string' && !Array.isArray(message.content))
        report('output', at, 'content is required.');
      role = 'tool';
      continue;
    }
    if (open.length > 0) report('pairing', at, `tool_calls without tool messages: ${open.join(', ')}.`);
    open = [];
    if (message?.role === 'system' || message?.role === 'developer') {
      if (i > 0) report('system-first', at, 'A system message stands first.');
      checkContent(message, at, report);
      continue;
    }
    if (message?.role === 'user') checkContent(message, at, report);
    else if (message?.role === 'assistant') open = checkAssistant(message, ids, at, report);
    else report('role', at, `Bad role ${String(message?.role)}.`);
    if (role === '' && message?.role !== 'user') report('first-role', at, "The first message must be the user's.");
    if (role === 'tool' && message?.role === 'user') report('alternate', at, "A user's message right after a tool's.");
    if (role === message?.role) report('alternate', at, `Two ${role} messages in a row.`);
    role = message?.role;
  }
  if (open.length > 0) report('pairing', 'messages', `tool_calls without tool messages: ${open.join(', ')}.`);
  if (role === 'assistant') report('last-role', 'messages', "The last message must not be the model's.");
}

function checkContent(message: Json, at: string, report: Report): void {
  if (typeof message.content === 'string') {
    if (isBlank(message.content)) report('empty-text', at, 'The content is empty.');
  } else if (!Array.isArray(message.content) || message.content.length === 0)
    report('empty-content', at, 'The content must not be empty.');
  else
    for (const [k, part] of message.content.entries())
      if (part?.type === 'text' && isBlank(part.text))
        report('empty-text', `${at}.content[${k}]`, 'The text is empty.');
}

/** Gives the ids of the calls that the next messages must answer. */
function checkAssistant(message: Json, ids: Set<string>, at: string, report: Report): string[] {
  const calls: Json[] = message.tool_calls ?? [];
  if (message.tool_calls !== undefined && calls.length === 0) report('tool-calls', at, 'tool_calls must not be empty.');
  if (calls.length === 0 && isBlank(message.content))
    report('empty-content', at, 'Either content or tool_calls is required.');
  for (const [k, call] of calls.entries()) {
    const here = `${at}.tool_calls[${k}]`;
    if (typeof call?.id !== 'string' || call.id.length < 1 || call.id.length > LONGEST_ID)
      report('call-id', here, `Bad id ${JSON.stringify(call?.id)}.`);
    else if (ids.has(call.id)) report('unique-ids', here, `The id ${call.id} is taken.`);
    ids.add(call?.id);
    if (call?.type !== 'function') report('call-type', here, 'type must be function.');
    if (!NAME.test(call?.function?.name))
      report('tool-name', here, `Bad name ${JSON.stringify(call?.function?.name)}.`);
    if (!isArguments(call?.function?.arguments))
      report('arguments', here, 'arguments must be the text of a JSON object.');
  }
  return calls.map((call) => call?.id);
}
