import type { ToolContext } from '@reprise/core';
import { toolError } from '../io/errors.ts';
import type { Settings } from '../options.ts';
import type { GlobInput, GlobOutput } from '../tools/glob.ts';
import { globMatcher } from './glob-match.ts';
import { COMMON_ARGS } from './ripgrep.ts';
import { search, shownPath } from './search.ts';
import type { Searching } from './search.ts';
import { redact, secretsOf } from './secrets.ts';

export async function runGlob(input: GlobInput, context: ToolContext, settings: Settings): Promise<GlobOutput> {
  const secrets = secretsOf(settings);
  const searching = {
    tool: 'glob',
    path: input.path,
    nothing: 'No files.',
    ask(target, found) {
      if (target.kind === 'file') throw toolError(`${target.shown} is a file.`, 'Name the folder to search in path.');
      const inside = `${target.real}/`;
      const pattern = input.pattern.startsWith(inside) ? `/${input.pattern.slice(inside.length)}` : input.pattern;
      const matches = globMatcher(pattern);
      return {
        args: [...COMMON_ARGS, '--files', '--null', '--sortr=modified', '--', './'],
        cwd: target.cwd,
        separator: '\0',
        async item(text) {
          if (!matches(text.replace(/^\.\//, ''))) return true;
          // A line break in a name must not look like another name.
          return found(redact(shownPath(target, text), secrets).replaceAll('\n', '\\n'));
        },
      };
    },
  } satisfies Searching;
  return search(searching, context, settings);
}
