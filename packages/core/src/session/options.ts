import { EFFORTS } from '../contracts/model.ts';
import type { Making, SessionOptions } from '../contracts/session.ts';
import { SESSION_ID } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import type { Settings } from '../records/types.ts';
import { wrongBudget } from './limits.ts';

const LONGEST_MARK = 200;

type Check = (value: unknown) => string | undefined;

const text: Check = (value) => (typeof value === 'string' ? undefined : 'a string');
const words: Check = (value) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'a list of strings';
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const share: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1';
const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'a whole number above 0';
const effort: Check = (value) =>
  EFFORTS.some((known) => known === value) ? undefined : `one of ${EFFORTS.join(', ')}`;
const model: Check = (value) =>
  (typeof value === 'string' && value.trim() !== '') || isModelObject(value)
    ? undefined
    : 'a model name such as "anthropic/claude-sonnet-4-5", or an AI SDK language model';

const CHECKS: Readonly<Record<keyof SessionOptions, Check>> = {
  model,
  tools: words,
  systemPrompt: text,
  temperature: share,
  effort: effort,
  maxTokens: count,
  stopSequences: words,
  contextWindow: count,
  autoSave: flag,
  sessionId: text,
  pruneStrategy: (value) =>
    value === 'sliding-window' || value === 'summarize' || value === 'none'
      ? undefined
      : '"sliding-window", "summarize" or "none"',
  pruneThreshold: (value) => (value === 0 ? 'a number above 0 and up to 1' : share(value)),
  maxSteps: count,
  fallbackModels: words,
  budget: wrongBudget,
  recover: (value) => (value === 'interrupt' || value === 'continue' ? undefined : '"interrupt" or "continue"'),
  cwd: text,
  title: text,
  tags: words,
};

/** Throws INVALID_INPUT for an unknown option or a wrong type, naming it and what it takes. */
export function checkOptions(options: unknown, required: readonly (keyof SessionOptions)[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RepriseError('INVALID_INPUT', 'The options must be an object.', {
      hint: 'For example { model: "anthropic/claude-sonnet-4-5" }.',
    });
  }
  for (const key of required) {
    if ((options as SessionOptions)[key] === undefined) {
      throw new RepriseError('INVALID_INPUT', `The option ${key} is missing.`, {
        hint: `It takes ${CHECKS[key](undefined)}.`,
      });
    }
  }
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof SessionOptions] : undefined;
    if (check === undefined) {
      throw new RepriseError('INVALID_INPUT', `There is no option ${key}.`, {
        hint: `The options are ${Object.keys(CHECKS).join(', ')}.`,
      });
    }
    const wanted = check(value);
    if (wanted !== undefined) throw new RepriseError('INVALID_INPUT', `The option ${key} must be ${wanted}.`);
  }
}

/** What a new session is given beside its options, taken out of them. INVALID_INPUT. */
export function takeMaking<T extends object>(options: T & Making): { readonly making: Making; readonly rest: T } {
  // What is no object has none of it, and is for others to judge.
  if (typeof options !== 'object' || options === null) return { making: {}, rest: options };
  const { newSessionId, madeBy, ...rest } = options;
  if (newSessionId !== undefined) checkId(newSessionId);
  if (madeBy !== undefined && !(typeof madeBy === 'string' && madeBy.length >= 1 && madeBy.length <= LONGEST_MARK))
    throw new RepriseError('INVALID_INPUT', `\`madeBy\` must be a text of 1 to ${LONGEST_MARK} characters.`);
  const making = { ...(newSessionId !== undefined && { newSessionId }), ...(madeBy !== undefined && { madeBy }) };
  return { making, rest: rest as unknown as T };
}

/** Throws INVALID_INPUT for what is no session id. */
export function checkId(id: unknown): asserts id is string {
  if (typeof id === 'string' && SESSION_ID.test(id)) return;
  throw new RepriseError('INVALID_INPUT', `${JSON.stringify(id) ?? 'undefined'} is no session id.`, {
    hint: 'Ids hold 1 to 128 of a-z, 0-9, _ and -, and start with a letter or a digit.',
  });
}

export function isModelObject(value: unknown): value is Exclude<SessionOptions['model'], string> {
  return typeof value === 'object' && value !== null && 'doStream' in value && typeof value.doStream === 'function';
}

const SETTINGS = [
  'temperature',
  'effort',
  'maxTokens',
  'stopSequences',
  'contextWindow',
  'pruneStrategy',
  'pruneThreshold',
  'maxSteps',
  'fallbackModels',
  'budget',
] as const;

export function settingsOf(options: Partial<SessionOptions>): Settings {
  return Object.fromEntries(SETTINGS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));
}
