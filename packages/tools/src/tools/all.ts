import type { Tool } from '@reprise/core';
import { settle } from '../options.ts';
import type { ToolsOptions } from '../options.ts';
import { bashWith } from './bash.ts';
import { editWith } from './edit.ts';
import { globWith } from './glob.ts';
import { grepWith } from './grep.ts';
import { readWith } from './read.ts';
import { writeWith } from './write.ts';

/** The six tools: bash, read, write, edit, grep, glob. Writes to one real path take turns across them. */
export function createTools(options: ToolsOptions = {}): Tool[] {
  const settings = settle(options);
  return [bashWith, readWith, writeWith, editWith, grepWith, globWith].map((make): Tool => make(settings));
}
