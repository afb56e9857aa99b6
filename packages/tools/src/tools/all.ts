import type { Tool } from '@reprise/core';
import { settle } from '../options.ts';
import type { ToolsOptions } from '../options.ts';
import { bashTool } from './bash.ts';
import { editTool } from './edit.ts';
import { globTool } from './glob.ts';
import { grepTool } from './grep.ts';
import { readTool } from './read.ts';
import { writeTool } from './write.ts';

/** The six tools: bash, read, write, edit, grep, glob. Writes to one real path take turns across them. */
export function createTools(options: ToolsOptions = {}): Tool[] {
  const settings = settle(options);
  return [bashTool, readTool, writeTool, editTool, grepTool, globTool].map((tool): Tool => tool(settings));
}
