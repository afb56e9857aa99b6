import { checkResponsesMedia } from './media.ts';
import { brokenRules, checkFunctions, isArguments, isBlank, type BrokenRule, type Json, type Report } from './rules.ts';

/**
 * The rules of OpenAI's Responses API that a request can break, as its documentation and its error messages state them, for a
 * history that the caller keeps (`store: false`). Stricter than the API in two places, on purpose: a text must hold more than whitespace,
 * and the last item must not be the model's.
 */
export function validateResponsesRequest(body: unknown): BrokenRule[] {
  return brokenRules(body, (request, report) => {
    checkSettings(request, report);
    if (!Array.isArray(request.input) || request.input.length === 0)
      report('input', 'input', 'At least one item is required.');
    else checkItems(request.input, request.store === false, report);
    checkResponsesMedia(request, report);
  });
}

/** They take no sampling settings. */
const REASONING_MODEL = /^(o\d|gpt-([5-9]|\d\d))/;

function checkSettings(body: Json, report: Report): void {
  if (isBlank(body.model)) report('model', 'model', 'Field required.');
  else if (REASONING_MODEL.test(body.model) && (body.temperature ?? body.top_p) !== undefined)
    report('temperature', 'temperature', `${body.model} takes no sampling settings.`);
  if (body.max_output_tokens !== undefined && !(body.max_output_tokens >= 16))
    report('max-tokens', 'max_output_tokens', 'Must be at least 16.');
  if (body.stop !== undefined) report('unknown', 'stop', 'Unknown parameter.');
  const functions = (body.tools ?? []).filter((tool: Json) => tool?.type === 'function');
  checkFunctions(functions, 'tools', /^[a-zA-Z0-9_-]{1,64}$/, report);
}

/** Which calls have their output. */
type Calls = Map<string, 'open' | 'answered'>;

function checkItems(items: readonly Json[], kept: boolean, report: Report): void {
  const ids = new Set<string>();
  const calls: Calls = new Map();
  for (const [i, item] of items.entries()) {
    const at = `input[${i}]`;
    if (typeof item?.id === 'string') {
      if (ids.has(item.id)) report('unique-ids', at, `Duplicate item found with id ${item.id}.`);
      ids.add(item.id);
    }
    switch (item?.type ?? 'message') {
      case 'message':
        checkMessage(item, at, report);
        break;
      case 'reasoning':
        checkReasoning(item, items[i + 1], kept, at, report);
        break;
      case 'function_call':
        checkCall(item, calls, at, report);
        break;
      case 'function_call_output':
        checkOutput(item, calls, at, report);
        break;
      case 'mcp_approval_request':
        break;
      case 'mcp_approval_response':
        checkApproval(item, ids, at, report);
        break;
      case 'item_reference':
        if (kept) report('reference', at, 'Items are not persisted when `store` is set to false.');
        break;
      default:
        if (!KNOWN.has(item.type)) report('item', at, `Unknown item type ${String(item.type)}.`);
    }
  }
  for (const [id, state] of calls)
    if (state === 'open') report('pairing', 'input', `No tool output found for function call ${id}.`);
  const last = items.at(-1);
  if (last?.role === 'assistant' || last?.type === 'reasoning')
    report('last-role', 'input', "The last item must not be the model's.");
}

/** A verdict is on a request that is there: in the history, or referred to where the provider keeps it. */
function checkApproval(item: Json, ids: ReadonlySet<string>, at: string, report: Report): void {
  if (!ids.has(item.approval_request_id))
    report('pairing', at, `No approval request found with id ${String(item.approval_request_id)}.`);
  if (typeof item.approve !== 'boolean') report('approval', at, 'approve must be true or false.');
}

/** Items of tools that OpenAI runs itself. */
const KNOWN = new Set([
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'image_generation_call',
  'mcp_call',
  'compaction',
]);

function checkMessage(item: Json, at: string, report: Report): void {
  if (!['user', 'assistant', 'system', 'developer'].includes(item?.role))
    return report('role', at, `Bad role ${String(item?.role)}.`);
  if (typeof item.content === 'string') {
    if (isBlank(item.content)) report('empty-text', at, 'The content is empty.');
    return;
  }
  if (!Array.isArray(item.content) || item.content.length === 0)
    return report('empty-content', at, 'The content must not be empty.');
  const text = item.role === 'assistant' ? 'output_text' : 'input_text';
  for (const [k, part] of item.content.entries()) {
    const here = `${at}.content[${k}]`;
    if (part?.type === text || part?.type === 'refusal') {
      if (isBlank(part.text ?? part.refusal)) report('empty-text', here, 'Text must hold more than whitespace.');
    } else if (item.role === 'assistant' || !String(part?.type).startsWith('input_'))
      report('part', here, `A message of the ${item.role} cannot hold ${String(part?.type)}.`);
  }
}

function checkReasoning(item: Json, next: Json | undefined, kept: boolean, at: string, report: Report): void {
  if (!Array.isArray(item.summary)) report('summary', at, 'summary is required.');
  if (kept && isBlank(item.encrypted_content))
    report('encrypted', at, 'Without `store`, encrypted_content is required.');
  const follows =
    next !== undefined && (next.role === 'assistant' || /^(reasoning|function_call|.+_call)$/.test(next.type));
  if (!follows) report('reasoning-last', at, 'Reasoning was provided without its required following item.');
}

function checkCall(item: Json, calls: Calls, at: string, report: Report): void {
  const id = item.call_id;
  if (typeof id !== 'string' || id.length < 1 || id.length > 64)
    report('call-id', at, `Bad call_id ${JSON.stringify(id)}.`);
  else if (calls.has(id)) report('unique-ids', at, `call_id ${id} is taken.`);
  else calls.set(id, 'open');
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(item.name)) report('tool-name', at, `Bad name ${JSON.stringify(item.name)}.`);
  if (!isArguments(item.arguments)) report('arguments', at, 'arguments must be the text of a JSON object.');
  if (item.id !== undefined && !String(item.id).startsWith('fc'))
    report('item-id', at, `Expected an id that begins with fc: ${item.id}.`);
}

function checkOutput(item: Json, calls: Calls, at: string, report: Report): void {
  const state = calls.get(item.call_id);
  if (state === undefined)
    report('pairing', at, `No tool call found for function call output ${String(item.call_id)}.`);
  else if (state === 'answered') report('pairing', at, `A second output for ${item.call_id}.`);
  else calls.set(item.call_id, 'answered');
  if (typeof item.output !== 'string' && !Array.isArray(item.output)) report('output', at, 'output is required.');
}
