import { resolve } from 'node:path';
import { plainWords } from './words.ts';

/** How a command's arguments are read. Options that no rule names make the whole command doubtful. */
interface Rule {
  /** Options without a value, or with it attached. */
  readonly flags?: RegExp;
  /** Options whose value is the next word. */
  readonly valued?: RegExp;
  /** `paths`: every argument; `pattern`: the first is a pattern, the others are paths; `text`: no paths. */
  readonly args: 'paths' | 'pattern' | 'text' | 'none';
  readonly maxArgs?: number;
  /** The option that gives the pattern, so that no argument does. */
  readonly patternOption?: RegExp;
}

/** Reading commands, each with the options that neither run, write, follow links nor read a list of further files. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['pwd', { flags: /^-[LP]$/, args: 'none' }],
  ['ls', { flags: /^(-[1aAlhrtSFdpRgoGsinX]+|--all|--almost-all|--recursive|--color=never)$/, args: 'paths' }],
  ['cat', { flags: /^-[nbsAET]+$/, args: 'paths' }],
  ['nl', { args: 'paths' }],
  ['head', { flags: /^(-\d+|-[nc]\d+|-q|-v)$/, valued: /^-[nc]$/, args: 'paths' }],
  ['tail', { flags: /^(-\d+|-[nc]\+?\d+|-q|-v)$/, valued: /^-[nc]$/, args: 'paths' }],
  ['wc', { flags: /^-[lwcmL]+$/, args: 'paths' }],
  ['sort', { flags: /^-[nrufhVbdi]+$/, args: 'paths' }],
  ['uniq', { flags: /^-[cdui]+$/, args: 'paths', maxArgs: 1 }],
  ['diff', { flags: /^(-[uqwbBiN]+|-U\d+)$/, args: 'paths' }],
  ['stat', { args: 'paths' }],
  ['file', { flags: /^-b$/, args: 'paths' }],
  ['du', { flags: /^(-[shakmc]+|-d\d+|--max-depth=\d+)$/, args: 'paths' }],
  ['realpath', { args: 'paths' }],
  ['readlink', { flags: /^-f$/, args: 'paths' }],
  ['basename', { args: 'text' }],
  ['dirname', { args: 'text' }],
  ['echo', { args: 'text' }],
  ['true', { args: 'none' }],
  ['whoami', { args: 'none' }],
  ['uname', { flags: /^-[asnrvm]+$/, args: 'none' }],
  ['which', { flags: /^-a$/, args: 'text' }],
  [
    'grep',
    {
      flags:
        /^(-[rnilLcwxEFGvHhoqsI]+|-[ABCm]\d+|--(include|exclude|exclude-dir)=.*|--color=never|--line-number|--ignore-case|--recursive)$/,
      valued: /^-[eABCm]$/,
      args: 'pattern',
      patternOption: /^-e$/,
    },
  ],
  [
    'rg',
    {
      flags:
        /^(-[nNilcwxFSsvoHIU]+|-[ABCm]\d+|-[tTg].+|--(type|type-not|glob|max-count|max-depth|context)=.*|--(hidden|files-with-matches|line-number|ignore-case|count|fixed-strings|no-heading|heading))$/,
      valued: /^(-[eABCmtTg]|--type|--type-not|--glob|--regexp)$/,
      args: 'pattern',
      patternOption: /^(-e|--regexp)$/,
    },
  ],
]);

const GIT_LOG =
  /^(-p|-n\d+|-\d+|-w|-U\d+|-[aisz]|--(patch|stat|shortstat|numstat|summary|name-only|name-status|oneline|cached|staged|graph|all|decorate|no-color|no-pager|no-ext-diff|no-textconv|no-merges|merges|first-parent|reverse|follow|abbrev-commit|word-diff|ignore-all-space|no-patch|check)|--(since|until|after|before|author|grep|format|pretty|date|diff-filter|max-count|unified|color)=.*)$/;

/** Per sub-command. Options before the sub-command (`git -c`, `git -C`) are never harmless. */
const GIT: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    'status',
    {
      flags: /^(-[sbv]+|-u(no|normal|all)?|--(short|branch|long|ignored|porcelain(=v[12])?|untracked-files=[a-z]+))$/,
      args: 'paths',
    },
  ],
  ['diff', { flags: GIT_LOG, valued: /^-n$/, args: 'paths' }],
  ['log', { flags: GIT_LOG, valued: /^-n$/, args: 'paths' }],
  ['show', { flags: GIT_LOG, args: 'paths' }],
  ['blame', { flags: /^-[wse]+$/, args: 'paths' }],
  ['ls-files', { flags: /^(-[comdst]+|--others|--cached|--exclude-standard|--modified)$/, args: 'paths' }],
  ['branch', { flags: /^(-a|-r|-v|-vv|--list|--show-current|--all|--remotes)$/, args: 'none' }],
  ['rev-parse', { flags: /^(--(short|abbrev-ref|show-toplevel|verify|is-inside-work-tree|git-dir))$/, args: 'paths' }],
]);

const FIND_TESTS = /^-(name|iname|path|ipath|type|maxdepth|mindepth|size|mtime|mmin)$/;
const FIND_WORDS = /^(-(not|or|and|o|a|print|print0|empty|prune))$/;

/** What a harmless command reads: absolute paths by name. */
export interface Reading {
  readonly paths: readonly string[];
}

/** Pure. The paths that `command` reads if it surely does nothing but read, else `undefined`. */
export function harmless(command: string, cwd: string): Reading | undefined {
  const [name, ...rest] = plainWords(command) ?? [];
  if (name === undefined) return undefined;
  const args = name === 'find' ? findPaths(rest) : read(name, rest);
  // Tools without a path argument read the working directory.
  return args && { paths: (args.length === 0 ? ['.'] : args).map((path) => resolve(cwd, path)) };
}

function read(name: string, words: readonly string[]): readonly string[] | undefined {
  if (name !== 'git') {
    const rule = RULES.get(name);
    return rule && paths(rule, words);
  }
  const rule = GIT.get(words[0] ?? '');
  return rule && paths(rule, words.slice(1));
}

function paths(rule: Rule, words: readonly string[]): readonly string[] | undefined {
  const args: string[] = [];
  let pattern = rule.args !== 'pattern';
  let options = true;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!options || word === '-' || !word.startsWith('-')) {
      if (word === '') return undefined;
      if (pattern) args.push(word);
      else pattern = true;
    } else if (word === '--') options = false;
    else if (rule.valued?.test(word) === true) {
      if (words[++at] === undefined) return undefined;
      // A pattern given by an option after an argument would make that argument a path after all.
      if (rule.patternOption?.test(word) === true) {
        if (pattern) return undefined;
        pattern = true;
      }
    } else if (rule.flags?.test(word) !== true) return undefined;
  }
  if (!pattern || args.length > (rule.args === 'none' ? 0 : (rule.maxArgs ?? Infinity))) return undefined;
  return rule.args === 'text' ? [] : args;
}

function findPaths(words: readonly string[]): readonly string[] | undefined {
  const first = words.findIndex((word) => word.startsWith('-'));
  const starts = first < 0 ? words : words.slice(0, first);
  if (!starts.every((word) => /^[A-Za-z0-9_./]/.test(word))) return undefined;
  for (let at = starts.length; at < words.length; at++) {
    const word = words[at] ?? '';
    if (FIND_TESTS.test(word)) {
      if (words[++at] === undefined) return undefined;
    } else if (!FIND_WORDS.test(word)) return undefined;
  }
  return starts;
}
