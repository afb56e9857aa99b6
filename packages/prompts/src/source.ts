import type { PromptBlock, PromptSource } from '@reprise/core';
import { DEFAULT_PROMPT, environment } from './default.ts';
import { readInstructions, type InstructionLimits } from './instructions.ts';

export interface PromptSourceOptions {
  /** In place of the default prompt's text. */
  readonly base?: string;
  /** The environment block; `true` if absent. */
  readonly environment?: boolean;
  /** Also read AGENTS.md (or CLAUDE.md) from the working directory up to its repository's root; `false` if absent. */
  readonly instructions?: boolean | InstructionLimits;
}

/**
 * The prompt source that Reprise comes with. Its blocks, in order: `default`, `environment`, then `instructions:PATH`
 * for each instruction file. Without `instructions` it does no I/O.
 */
export function createPromptSource(options: PromptSourceOptions = {}): PromptSource {
  const { base = DEFAULT_PROMPT, environment: withEnvironment = true, instructions = false } = options;
  return {
    async build(facts, signal) {
      const blocks: PromptBlock[] = [];
      // A provider refuses an empty block.
      if (base.trim() !== '') blocks.push({ id: 'default', text: base.toWellFormed() });
      if (withEnvironment) blocks.push(environment(facts));
      if (instructions === false || facts.cwd === undefined) return blocks;
      const found = await readInstructions(facts.cwd, instructions === true ? {} : instructions, signal);
      for (const { path, text, cut } of found) {
        const note = cut ? '\n(The rest of this file is left out because of its size.)' : '';
        blocks.push({
          id: `instructions:${path}`,
          text: `Instructions from ${JSON.stringify(path)}:\n\n${text.trim()}${note}`,
        });
      }
      return blocks;
    },
  };
}
