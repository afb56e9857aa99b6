/** One rule of a provider's API that a request breaks. */
export interface BrokenRule {
  readonly rule: string;
  /** Where, for example `messages[3].content[0]`. */
  readonly path: string;
  readonly note: string;
}

export type Report = (rule: string, path: string, note: string) => void;
export type Json = Record<string, any>;

/** What `check` reports of a body; a body that is no object breaks rule `body` alone. */
export function brokenRules(body: unknown, check: (body: Json, report: Report) => void): BrokenRule[] {
  const broken: BrokenRule[] = [];
  const report: Report = (rule, path, note) => broken.push({ rule, path, note });
  if (!isObject(body)) report('body', '', 'The body is no JSON object.');
  else {
    check(body, report);
    checkUnicode(body, '', report);
  }
  return broken;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isBlank(value: unknown): boolean {
  return typeof value !== 'string' || value.trim() === '';
}

/** The arguments of a call as OpenAI's APIs carry them: the text of a JSON object. */
export function isArguments(value: unknown): boolean {
  try {
    return typeof value === 'string' && isObject(JSON.parse(value));
  } catch {
    return false;
  }
}

/** Function tools: a name that is taken once, and a schema of type object. */
export function checkFunctions(tools: readonly Json[], path: string, name: RegExp, report: Report): void {
  const names = new Set<string>();
  for (const [i, tool] of tools.entries()) {
    const at = `${path}[${i}]`;
    if (typeof tool?.name !== 'string' || !name.test(tool.name))
      report('tool-name', at, `Bad name ${JSON.stringify(tool?.name)}.`);
    else if (names.has(tool.name)) report('tool-name', at, `Names must be unique: ${tool.name}.`);
    names.add(tool?.name);
    if (tool?.parameters !== undefined && tool.parameters?.type !== 'object')
      report('tool-schema', at, 'parameters must be a schema of type object.');
  }
}

function checkUnicode(value: unknown, path: string, report: Report): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) report('unicode', path, 'A lone surrogate is no valid JSON text.');
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) checkUnicode(item, path === '' ? key : `${path}.${key}`, report);
  }
}
