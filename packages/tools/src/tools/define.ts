import { resolve } from 'node:path';
import { RepriseError } from '@reprise/core';
import type { Access, Tool, ToolContent, ToolContext } from '@reprise/core';
import { z } from 'zod';
import type { ZodType } from 'zod';
import type { Settings } from '../options.ts';

/** What all six tools give: `output` is the text, the other members are facts for programs. */
export interface ToolOutput {
  readonly output: string;
}

interface Parts<I, O> extends Pick<Tool<I, O>, 'name' | 'description' | 'replay'> {
  readonly input: ZodType<I>;
  access(input: I, facts: { readonly cwd: string }): Access;
  /** Loads the implementation, so that a tool that isn't called costs nothing. */
  load(): Promise<(input: I, context: ToolContext, settings: Settings) => Promise<O>>;
  notes?(output: O): readonly string[];
  /** What the model is shown beside the text. */
  files?(output: O): readonly ToolContent[];
}

/** Puts a tool together: checked input, implementation loaded when called, output and notes as one text for the model. */
export function assemble<I, O extends ToolOutput>(parts: Parts<I, O>, settings: Settings): Tool<I, O> {
  const { name, description, replay, input, access } = parts;
  return {
    name,
    description,
    replay,
    input,
    access,
    async run(raw, context) {
      const parsed = input.safeParse(raw);
      if (!parsed.success) throw new RepriseError('INVALID_INPUT', `${name}: ${z.prettifyError(parsed.error)}`);
      const run = await parts.load();
      return run(parsed.data, context, settings);
    },
    toModel: (output) => [...text([output.output, ...(parts.notes?.(output) ?? [])]), ...(parts.files?.(output) ?? [])],
  };
}

function text(parts: readonly string[]): readonly ToolContent[] {
  const [first = '', ...notes] = parts;
  const gap = first === '' || first.endsWith('\n') || notes.length === 0 ? '' : '\n';
  return [{ type: 'text', text: first + gap + notes.map((note) => `[${note}]`).join('\n') }];
}

/** Access to one path; writers of a path take turns, and readers with them. */
export function pathAccess(effect: 'read' | 'write', path: string | undefined, cwd: string, lock: boolean): Access {
  const absolute = resolve(cwd, path ?? '.');
  return { effect, paths: [absolute], ...(lock && { locks: [`file:${absolute}`] }) };
}
