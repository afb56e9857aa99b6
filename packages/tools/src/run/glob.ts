import type { ToolContext } from '@reprise/core';
import { toolError } from '../io/errors.ts';
import type { Settings } from '../options.ts';
import type { GlobInput, GlobOutput } from '../tools/glob.ts';
import { globMatcher } from './glob-match.ts';
import { COMMON_ARGS, ripgrep } from './ripgrep.ts';
import { MAX_RESULT_BYTES, openTarget, resultOutput, shownPath } from './search.ts';
import { redact, secretsOf } from './secrets.ts';

export async function runGlob(input: GlobInput, context: ToolContext, settings: Settings): Promise<GlobOutput> {
  const target = await openTarget(input.path, context, settings);
  const output = resultOutput('glob', context, settings);
  const secrets = secretsOf(settings);
  let count = 0;
  try {
    if (target.kind === 'file') throw toolError(`${target.shown} is a file.`, 'Name the folder to search in path.');
    const inside = `${target.real}/`;
    const pattern = input.pattern.startsWith(inside) ? `/${input.pattern.slice(inside.length)}` : input.pattern;
    const matches = globMatcher(pattern);
    const { timedOut } = await ripgrep(
      {
        args: [...COMMON_ARGS, '--files', '--null', '--sortr=modified', '--', './'],
        cwd: target.cwd,
        separator: '\0',
        signal: context.signal,
        async item(text) {
          if (!matches(text.replace(/^\.\//, ''))) return true;
          count++;
          // A line break in a name must not look like another name.
          await output.push(`${redact(shownPath(target, text), secrets).replaceAll('\n', '\\n')}\n`);
          return output.bytes < MAX_RESULT_BYTES;
        },
      },
      settings,
    );
    const { text, truncated, spill } = await output.end();
    return {
      output: text === '' && !timedOut ? 'No files.' : text,
      count,
      ...(truncated && { truncated }),
      ...(spill !== undefined && { spill }),
      ...(timedOut && { timedOut }),
    };
  } finally {
    await output.end();
    await target.handle.close();
  }
}
