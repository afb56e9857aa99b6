import type {
  JSONSchema7,
  JSONValue,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
} from '@ai-sdk/provider';
import type { Capabilities, ModelInfo } from '../contracts/model.ts';
import { effortOf, takesTemperature } from '../model/effort.ts';
import { stopsFor } from '../model/stops.ts';
import { chooseFiles } from '../files/choose.ts';
import type { LoadedFiles } from '../files/show.ts';
import { fileParts } from '../files/show.ts';
import type { State } from '../state/state.ts';
import { assistantContent } from './compile-step.ts';
import { Conversation } from './conversation.ts';
import { pairCalls } from './pair.ts';
import { repaired } from './repaired.ts';
import { wellFormed } from './well-formed.ts';

/** What `compile` must know of the model and the tools. */
export interface CompileFacts {
  readonly info: ModelInfo;
  /** The model's `provider`: signatures go back only where they came from. */
  readonly provider: string;
  /** Tools on offer, in a stable order. */
  readonly tools: readonly LanguageModelV4FunctionTool[];
  /** The bytes of the attachments that `chooseFiles` sends; what is not here becomes words. */
  readonly files?: LoadedFiles;
}

export type Request = Pick<
  LanguageModelV4CallOptions,
  | 'prompt'
  | 'tools'
  | 'toolChoice'
  | 'maxOutputTokens'
  | 'temperature'
  | 'stopSequences'
  | 'reasoning'
  | 'responseFormat'
>;

/** The spec's default, sent where the model takes a temperature. */
const TEMPERATURE = 0.7;
const OPENING = '(The beginning of this conversation is not shown.)';
const CONTINUE = 'Continue.';
const ENDED = '(The turn ended here.)';
/** Whose servers refuse a user's word right after a tool's: some chat templates, and Gemini by the letter of its documentation. */
const WANTS_AN_ANSWER: ReadonlySet<Capabilities['rules']> = new Set(['openai-chat', 'google', 'strictest']);
/** A provider that stopped by itself in the middle of its own work gets the message back as it is. */
const PAUSED = 'pause_turn';

/**
 * The request for a state. Pure and total: every reachable state gives a request that the provider's rules accept. Calls and
 * results are paired and in call order, no text is empty or ill-formed, the first message is the user's and the last one is not the
 * model's, opaque parts go only to the provider that made them.
 */
export function compile(state: State, facts: CompileFacts): Request {
  const { info } = facts;
  const offered = info.capabilities.tools ? facts.tools : [];
  const { settings } = state;
  const effort = effortOf(state, info);
  const stops = stopsFor(settings.stopSequences, info.capabilities.rules).sent;
  return {
    prompt: wellFormed([...systemOf(state), ...conversationOf(state, facts, offered.length > 0)]),
    ...(offered.length > 0 && { tools: wellFormed([...offered]), toolChoice: { type: 'auto' as const } }),
    ...(settings.maxTokens !== undefined && {
      maxOutputTokens: Math.min(settings.maxTokens, info.maxOutputTokens),
    }),
    ...(takesTemperature(info, effort) && { temperature: settings.temperature ?? TEMPERATURE }),
    ...(effort !== undefined && { reasoning: effort }),
    ...formatOf(state, info.capabilities),
    ...(stops.length > 0 && { stopSequences: [...stops] }),
  };
}

/** The schema of the answer, where the model takes one; the others are told it in words. */
function formatOf({ open }: State, capabilities: Capabilities): Pick<Request, 'responseFormat'> {
  if (open?.output === undefined || !takesSchema(capabilities)) return {};
  return { responseFormat: { type: 'json', schema: open.output as JSONSchema7 } };
}

function takesSchema({ schema, rules }: Capabilities): boolean {
  return schema ?? (rules !== 'openai-chat' && rules !== 'strictest');
}

function inWords(schema: JSONValue): string {
  return `Answer with JSON alone, without any other text, that fits this JSON schema:\n${JSON.stringify(schema)}`;
}

function systemOf(state: State): LanguageModelV4Message[] {
  const text = state.system.map((block) => block.text).join('\n\n');
  return text.trim() === '' ? [] : [{ role: 'system', content: text }];
}

function conversationOf(state: State, facts: CompileFacts, withTools: boolean): LanguageModelV4Message[] {
  const wantsAnAnswer = WANTS_AN_ANSWER.has(facts.info.capabilities.rules);
  const entries = [...repaired(state.entries, state.repair)];
  const choice = chooseFiles(entries, state, facts.info.capabilities);
  // Files that made room changed what stands before the reasoning that came after them.
  const prefixFrom = Math.max(state.prefixFrom, choice.from);
  const talk = new Conversation((files) => fileParts(files, choice, facts.files));
  if (state.summary !== undefined) talk.userText(`<summary>\n${state.summary}\n</summary>`);
  let pausedBefore = false;
  for (const item of pairCalls(entries, state.verdicts)) {
    if (item.kind === 'message') {
      const { role, content, attachments, output } = item.record;
      if (content.trim() === '' && attachments === undefined) continue;
      if (talk.lastRole === 'tool' && wantsAnAnswer) talk.assistant([{ type: 'text', text: ENDED }]);
      talk.userFiles(attachments);
      if (output !== undefined && !takesSchema(facts.info.capabilities)) talk.userText(inWords(output));
      talk.userText(role === 'system' ? `<system>\n${content}\n</system>` : content);
      continue;
    }
    // As the request ended that this one answered: what begins a request must not change.
    if (talk.lastRole === 'assistant' && !pausedBefore) talk.userText(CONTINUE);
    pausedBefore = isPaused(item.record);
    if (withTools || item.slots.length === 0) {
      talk.step(assistantContent(item, facts, prefixFrom, talk.deferred), item.slots, item.verdicts);
    } else {
      talk.flattened(item.record.content, item.slots);
    }
  }
  const { messages } = talk;
  if (messages[0]?.role !== 'user') messages.unshift({ role: 'user', content: [{ type: 'text', text: OPENING }] });
  if (talk.lastRole === 'assistant' && !paused(state)) talk.userText(CONTINUE);
  return messages;
}

function paused(state: State): boolean {
  const last = state.entries.at(-1);
  if (last === undefined || last.seq <= (state.repair?.reasoning ?? 0)) return false;
  return last.record.type === 'step' && last.record.rawFinishReason === PAUSED;
}

/** True where the model wants its own message back and goes on. */
export function isPaused(step: { readonly rawFinishReason?: string }): boolean {
  return step.rawFinishReason === PAUSED;
}
