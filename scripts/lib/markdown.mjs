/**
 * The fenced code blocks of a Markdown text, in order. `info` is what follows the opening fence.
 *
 * @param {string} text
 * @returns {{ info: string, language: string, code: string, line: number }[]}
 */
export function codeBlocks(text) {
  const blocks = [];
  let open;
  text.split(/\r?\n/).forEach((line, at) => {
    const fence = /^(`{3,}|~{3,})\s*(.*)$/.exec(line);
    if (open) {
      if (fence && fence[1].startsWith(open.fence) && fence[2] === '') {
        blocks.push({
          info: open.info,
          language: open.info.split(/\s/)[0],
          code: `${open.lines.join('\n')}\n`,
          line: open.line,
        });
        open = undefined;
      } else open.lines.push(line);
    } else if (fence) open = { fence: fence[1], info: fence[2].trim(), lines: [], line: at + 1 };
  });
  return blocks;
}

const EXTENSIONS = { ts: 'ts', typescript: 'ts', js: 'mjs', javascript: 'mjs' };

/**
 * The example of a README: its first TypeScript or JavaScript block, with the ending of the file that holds it.
 *
 * @param {string} text
 */
export function firstExample(text) {
  const block = codeBlocks(text).find(({ language }) => language in EXTENSIONS);
  return block && { ...block, extension: EXTENSIONS[block.language] };
}
