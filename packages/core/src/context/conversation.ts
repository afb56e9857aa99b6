import type { LanguageModelV4Message } from '@ai-sdk/provider';
import type { FileParts } from '../files/show.ts';
import type { StoredFile } from '../records/types.ts';
import type { Ruling } from '../state/verdicts.ts';
import { approvalResponse, verdictsFor } from './compile-approvals.ts';
import { resultOutput } from './compile-result.ts';
import type { AssistantContent } from './compile-step.ts';
import { flattened } from './compile-step.ts';
import type { Slot } from './pair.ts';

/** A conversation as providers want it, while it is put together: roles in turn, so what follows the same role joins it. */
export class Conversation {
  readonly messages: LanguageModelV4Message[] = [];
  /** Calls that the provider was told about whether it may run them, and whose result has not come. */
  readonly deferred = new Set<string>();
  readonly #partsOf: (files: readonly StoredFile[] | undefined) => FileParts;

  /** `partsOf`: files as the model is shown them. */
  constructor(partsOf: (files: readonly StoredFile[] | undefined) => FileParts) {
    this.#partsOf = partsOf;
  }

  get lastRole(): LanguageModelV4Message['role'] | undefined {
    return this.messages.at(-1)?.role;
  }

  /** A response, what its calls gave, and which calls of its own the provider may run. */
  step(content: AssistantContent, slots: readonly Slot[], verdicts: readonly Ruling[]): void {
    if (content.length === 0) return;
    this.assistant(content);
    const told = verdictsFor(content, verdicts);
    for (const part of content) if (part.type === 'tool-result') this.deferred.delete(part.toolCallId);
    for (const { call } of told) this.deferred.add(call);
    if (slots.length + told.length === 0) return;
    const results = slots.map((slot) => ({
      type: 'tool-result' as const,
      toolCallId: slot.wireId,
      toolName: slot.tool,
      output: resultOutput(slot.result, this.#partsOf(slot.result?.attachments)),
    }));
    this.messages.push({ role: 'tool', content: [...results, ...told.map(approvalResponse)] });
  }

  /** The same in plain words. */
  flattened(content: string, slots: readonly Slot[]): void {
    const { said, heard } = flattened(content, slots);
    if (said.trim() !== '') this.assistant([{ type: 'text', text: said }]);
    if (heard === '') return;
    this.userText(heard);
    this.user(slots.flatMap(({ result }) => this.#partsOf(result?.attachments)));
  }

  assistant(content: AssistantContent): void {
    const last = this.messages.at(-1);
    if (last?.role !== 'assistant') return void this.messages.push({ role: 'assistant', content });
    // An answer that was paused may go on with what it gave before: what the provider ran goes back once.
    const ran = new Set(last.content.flatMap((part) => (isProviders(part) ? [`${part.type} ${part.toolCallId}`] : [])));
    const fresh = content.filter((part) => !isProviders(part) || !ran.has(`${part.type} ${part.toolCallId}`));
    this.messages[this.messages.length - 1] = { ...last, content: [...last.content, ...fresh] };
  }

  userText(text: string): void {
    if (text.trim() !== '') this.user([{ type: 'text', text }]);
  }

  userFiles(files: readonly StoredFile[] | undefined): void {
    this.user(this.#partsOf(files));
  }

  user(parts: FileParts): void {
    if (parts.length === 0) return;
    const last = this.messages.at(-1);
    if (last?.role === 'user')
      this.messages[this.messages.length - 1] = { ...last, content: [...last.content, ...parts] };
    else this.messages.push({ role: 'user', content: [...parts] });
  }
}

type OfCall = Extract<AssistantContent[number], { type: 'tool-call' | 'tool-result' }>;

/** A call that the provider runs itself, or its result. */
function isProviders(part: AssistantContent[number]): part is OfCall {
  return part.type === 'tool-result' || (part.type === 'tool-call' && part.providerExecuted === true);
}
