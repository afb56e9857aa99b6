import type { PromptBlock, PromptFacts } from '@reprise/core';

/** What a session is told when its user wrote no system prompt. Word for word the specification's. */
export const DEFAULT_PROMPT = `You are an expert coding assistant. You help users write, understand, and debug code.

You have access to tools for:
- Reading and writing files
- Executing shell commands
- Searching code
- Getting diagnostics

Always explain your reasoning and ask for clarification when needed.`;

/** The default system prompt: `DEFAULT_PROMPT` as block `default`, then where the session runs as block `environment`. Pure. */
export function defaultPrompt(facts: PromptFacts): PromptBlock[] {
  return [{ id: 'default', text: DEFAULT_PROMPT }, environment(facts)];
}

/**
 * Working directory, platform and date of a session's beginning; facts that are not known are left out. Pure. The block
 * is stored with the session and never made again: a date that moved on would break the stable prefix of its requests.
 */
export function environment(facts: PromptFacts): PromptBlock {
  const lines = ['Environment:'];
  if (facts.cwd !== undefined) lines.push(`- Working directory: ${oneLine(facts.cwd)}`);
  if (facts.platform !== undefined) lines.push(`- Platform: ${oneLine(facts.platform)}`);
  lines.push(`- Date: ${oneLine(facts.today)}`);
  return { id: 'environment', text: lines.join('\n') };
}

/** A folder's name may hold anything, also a line break followed by instructions. */
function oneLine(text: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(text) ? JSON.stringify(text) : text.toWellFormed();
}
