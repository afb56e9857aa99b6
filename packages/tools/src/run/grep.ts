import type { ToolContext } from '@reprise/core';
import type { Settings } from '../options.ts';
import type { GrepInput, GrepOutput } from '../tools/grep.ts';
import { globMatcher } from './glob-match.ts';
import { COMMON_ARGS } from './ripgrep.ts';
import { search, shownPath } from './search.ts';
import type { Searching } from './search.ts';
import { redact, secretsOf, showLine } from './secrets.ts';

/** Longer lines are cut by ripgrep already, so that one line can't fill the memory. */
const MAX_COLUMNS = 16_384;

export async function runGrep(input: GrepInput, context: ToolContext, settings: Settings): Promise<GrepOutput> {
  const secrets = secretsOf(settings);
  const mode = input.mode ?? 'content';
  const filter = globFilter(input.glob);
  const searching = {
    tool: 'grep',
    path: input.path,
    nothing: 'No matches.',
    ask(target, found) {
      const isFile = target.kind === 'file';
      return {
        args: [...COMMON_ARGS, ...modeArgs(input), ...filter.args, '--', input.pattern, isFile ? '-' : './'],
        cwd: target.cwd,
        ...(isFile && { stdin: target.handle.fd }),
        separator: mode === 'files' ? '\0' : '\n',
        async item(text) {
          const cut = text.indexOf('\0');
          const below = mode === 'files' ? text : text.slice(0, Math.max(0, cut));
          const rest = mode === 'files' ? '' : text.slice(cut + 1);
          if (!isFile && below !== '' && !filter.passes(below.replace(/^\.\//, ''))) return true;
          const name = isFile ? target.shown : shownPath(target, below);
          const path = redact(name, secrets);
          const sign = /^\d+-/.test(rest) ? '-' : ':';
          const line =
            mode === 'files'
              ? path
              : below === ''
                ? redact(rest.replace(/^<stdin>(?=: )/, name), secrets)
                : `${path}${sign}${showLine(rest, secrets)}`;
          return found(line, line !== '--');
        },
      };
    },
  } satisfies Searching;
  return search(searching, context, settings);
}

function modeArgs({ mode, ignoreCase, literal, context }: GrepInput): string[] {
  const args = ['--sort=path', '--null', '--with-filename'];
  if (mode === 'files') args.push('--files-with-matches');
  else if (mode === 'count') args.push('--count');
  else args.push('--no-heading', '--line-number', `--max-columns=${MAX_COLUMNS}`, '--max-columns-preview');
  if (mode !== 'files' && mode !== 'count' && context !== undefined) args.push(`--context=${context}`);
  if (ignoreCase === true) args.push('--ignore-case');
  if (literal === true) args.push('--fixed-strings');
  return args;
}

/**
 * ripgrep's own `--glob` would bring ignored files back, so names go through a file type of their own and patterns with
 * folders are tested on the results.
 */
function globFilter(glob: string | undefined): { args: string[]; passes: (below: string) => boolean } {
  const all = (): boolean => true;
  if (glob === undefined) return { args: [], passes: all };
  if (glob.startsWith('!')) return { args: [`--glob=${glob}`], passes: all };
  const name = glob.replace(/^(\*\*\/)+/, '');
  if (!name.includes('/')) return { args: [`--type-add=wanted:${name}`, '--type=wanted'], passes: all };
  return { args: [], passes: globMatcher(glob) };
}
