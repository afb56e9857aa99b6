import type { LanguageModelV4Prompt, LanguageModelV4ToolResultOutput } from '@ai-sdk/provider';

/** A finished call of the running turn. */
export interface Done {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** What the tool gave, as text. */
  readonly text: string;
  readonly failed: boolean;
}

export interface History {
  /** The texts of the user's messages, oldest first; the last is the request. */
  readonly asked: readonly string[];
  /** Calls with results since the last user message. */
  readonly done: readonly Done[];
}

/** What a prompt tells: the requests, and how far the last one has come. */
export function historyOf(prompt: LanguageModelV4Prompt): History {
  const asked: string[] = [];
  let done: Done[] = [];
  const calls = new Map<string, { tool: string; input: Readonly<Record<string, unknown>> }>();
  for (const message of prompt) {
    if (message.role === 'user') {
      // Messages that follow each other, because a turn ended without an answer, come as parts of one.
      const texts = message.content.flatMap((part) => (part.type === 'text' ? part.text.trim() : []));
      asked.push(...(texts.length > 0 ? texts : ['']));
      done = [];
    } else if (message.role === 'assistant') {
      for (const part of message.content)
        if (part.type === 'tool-call') calls.set(part.toolCallId, { tool: part.toolName, input: fields(part.input) });
    } else if (message.role === 'tool') {
      for (const part of message.content) {
        if (part.type !== 'tool-result') continue;
        const call = calls.get(part.toolCallId) ?? { tool: part.toolName, input: {} };
        done.push({ ...call, ...read(part.output) });
      }
    }
  }
  return { asked, done };
}

function read(output: LanguageModelV4ToolResultOutput): { text: string; failed: boolean } {
  switch (output.type) {
    case 'text':
      return { text: output.value, failed: false };
    case 'json':
      return { text: JSON.stringify(output.value), failed: false };
    case 'error-text':
      return { text: output.value, failed: true };
    case 'error-json':
      return { text: JSON.stringify(output.value), failed: true };
    case 'execution-denied':
      return { text: output.reason ?? 'denied', failed: true };
    case 'content':
      return { text: output.value.map((part) => (part.type === 'text' ? part.text : '')).join('\n'), failed: false };
  }
}

function fields(input: unknown): Readonly<Record<string, unknown>> {
  return typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
}
