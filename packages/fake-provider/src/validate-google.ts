import { checkGoogleMedia } from './media.ts';
import { brokenRules, checkFunctions, isBlank, isObject, type BrokenRule, type Json, type Report } from './rules.ts';

/**
 * The rules of the Gemini API that a request can break, as its documentation and its error messages state them. `model` is the one in
 * the path: from Gemini 3 on, the first call of each step of the running turn needs its thought signature. Stricter in two places, on purpose:
 * roles must alternate, and the last content must be the user's.
 */
export function validateGoogleRequest(body: unknown, model = ''): BrokenRule[] {
  return brokenRules(body, (request, report) => {
    if (request.systemInstruction !== undefined) checkTexts(request.systemInstruction, 'systemInstruction', report);
    if ((request.generationConfig?.stopSequences ?? []).length > 5)
      report('stop', 'generationConfig.stopSequences', 'At most 5.');
    checkFunctions(
      (request.tools ?? []).flatMap((tool: Json) => tool?.functionDeclarations ?? []),
      'tools',
      NAME,
      report,
    );
    if (!Array.isArray(request.contents) || request.contents.length === 0)
      report('contents', 'contents', 'At least one content is required.');
    else {
      checkContents(request.contents, report);
      if (/^gemini-([3-9]|\d\d)/.test(model)) checkSignatures(request.contents, report);
    }
    checkGoogleMedia(request, report);
  });
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** What Google documents for a call whose signature the client doesn't have. */
const UNKNOWN = 'skip_thought_signature_validator';
/** A part holds exactly one of these. */
const DATA = [
  'text',
  'functionCall',
  'functionResponse',
  'inlineData',
  'fileData',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
];

function checkContents(contents: readonly Json[], report: Report): void {
  let open: string[] = [];
  let role = '';
  for (const [i, content] of contents.entries()) {
    const at = `contents[${i}]`;
    if (content?.role !== 'user' && content?.role !== 'model') report('role', at, `Bad role ${String(content?.role)}.`);
    if (i === 0 && content?.role !== 'user') report('first-role', at, "The first content must be the user's.");
    if (content?.role === role) report('alternate', at, `Two ${role} contents in a row.`);
    role = content?.role;
    const parts: Json[] = Array.isArray(content?.parts) ? content.parts : [];
    if (parts.length === 0) report('empty-content', at, 'The parts must not be empty.');
    for (const [k, part] of parts.entries()) checkPart(part, role, `${at}.parts[${k}]`, report);
    const answers = parts.flatMap((part) => (isObject(part?.functionResponse) ? [part.functionResponse.name] : []));
    if (JSON.stringify(answers) !== JSON.stringify(open))
      report(
        'pairing',
        at,
        `The responses must answer the calls before: ${open.join(', ') || 'none'}; found ${answers.join(', ') || 'none'}.`,
      );
    open = parts.flatMap((part) => (isObject(part?.functionCall) ? [part.functionCall.name] : []));
  }
  if (open.length > 0) report('pairing', 'contents', `Calls without responses: ${open.join(', ')}.`);
  if (role !== 'user') report('last-role', 'contents', "The last content must be the user's.");
}

function checkPart(part: Json, role: string, at: string, report: Report): void {
  const data = DATA.filter((key) => part?.[key] !== undefined);
  if (data.length !== 1)
    report('part', at, `A part holds exactly one kind of data, found ${data.join(', ') || 'none'}.`);
  if (part?.text !== undefined && isBlank(part.text) && part.thoughtSignature === undefined)
    report('empty-text', at, 'The text is empty.');
  const signature = part?.thoughtSignature;
  if (signature !== undefined && signature !== UNKNOWN && (typeof signature !== 'string' || !BASE64.test(signature)))
    report('signature', at, 'thoughtSignature must be base64.');
  if (part?.functionCall !== undefined) {
    if (role !== 'model') report('call-role', at, 'Only the model calls.');
    if (!NAME.test(part.functionCall.name))
      report('tool-name', at, `Bad name ${JSON.stringify(part.functionCall.name)}.`);
    if (part.functionCall.args !== undefined && !isObject(part.functionCall.args))
      report('arguments', at, 'args must be an object.');
  }
  if (part?.functionResponse !== undefined) {
    if (role !== 'user') report('response-role', at, 'Responses are the user’s.');
    if (!isObject(part.functionResponse.response)) report('output', at, 'response must be an object.');
  }
}

/** Of the running turn only: what follows the user's last text. */
function checkSignatures(contents: readonly Json[], report: Report): void {
  const turn = contents.findLastIndex(
    (content) => content?.role === 'user' && content.parts?.some((part: Json) => part?.text !== undefined),
  );
  for (const [i, content] of contents.entries()) {
    const first = i > turn ? content?.parts?.find((part: Json) => part?.functionCall !== undefined) : undefined;
    if (first !== undefined && isBlank(first.thoughtSignature))
      report('signature', `contents[${i}]`, `Function call ${first.functionCall.name} is missing a thought_signature.`);
  }
}

function checkTexts(content: Json, path: string, report: Report): void {
  const parts = content?.parts;
  if (!Array.isArray(parts) || parts.length === 0) return report('empty-content', path, 'The parts must not be empty.');
  for (const [k, part] of parts.entries())
    if (isBlank(part?.text)) report('empty-text', `${path}.parts[${k}]`, 'The text is empty.');
}
