import { spawnSync } from 'node:child_process';

/**
 * The check that nothing since this call changed the checkout: no file that git knows, and no new one that it doesn't ignore.
 * What was changed before is nobody's fault.
 *
 * @param {string} root
 * @returns {import('../lib/report.mjs').Check}
 */
export function untouched(root) {
  const before = status(root);
  return {
    name: 'checkout is untouched',
    run: async () => {
      if (before === undefined) return { status: 'skipped', skipped: ['checkout is untouched: no git checkout'] };
      const known = new Set(before);
      const changed = (status(root) ?? []).filter((line) => !known.has(line));
      if (changed.length === 0) return { status: 'passed' };
      return { status: 'failed', detail: `Changed while the checks ran:\n${changed.join('\n')}` };
    },
  };
}

/** Each changed or new file with the hash of its content, so that a second change shows too. */
function status(root) {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const { status: code, stdout } = git('status', '--porcelain', '-z', '--no-renames', '--untracked-files=all');
  if (code !== 0) return undefined;
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((line) => `${line} ${git('hash-object', '--', line.slice(3)).stdout.trim()}`.trim());
}
