import type { LanguageModelV4Message } from '@ai-sdk/provider';
import type { FileParts } from '../files/show.ts';
import type { StoredFile } from '../records/types.ts';
import { resultOutput } from './compile-result.ts';
import type { AssistantContent } from './compile-step.ts';
import { flattened } from './compile-step.ts';
import type { Slot } from './pair.ts';

/** A conversation as providers want it, while it is put together: roles in turn, so what follows the same role joins it. */
export class Conversation {
  readonly messages: LanguageModelV4Message[] = [];
  readonly #partsOf: (files: readonly StoredFile[] | undefined) => FileParts;

  /** `partsOf`: files as the model is shown them. */
  constructor(partsOf: (files: readonly StoredFile[] | undefined) => FileParts) {
    this.#partsOf = partsOf;
  }

  get lastRole(): LanguageModelV4Message['role'] | undefined {
    return this.messages.at(-1)?.role;
  }

  /** A response, and what its calls gave. */
  step(content: AssistantContent, slots: readonly Slot[]): void {
    if (content.length === 0) return;
    this.assistant(content);
    if (slots.length === 0) return;
    this.messages.push({
      role: 'tool',
      content: slots.map((slot) => ({
        type: 'tool-result' as const,
        toolCallId: slot.wireId,
        toolName: slot.tool,
        output: resultOutput(slot.result, this.#partsOf(slot.result?.attachments)),
      })),
    });
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
    if (last?.role === 'assistant')
      this.messages[this.messages.length - 1] = { ...last, content: [...last.content, ...content] };
    else this.messages.push({ role: 'assistant', content });
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
