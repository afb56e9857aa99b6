import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../lib/setup.mjs';

/** An empty folder that is removed when the test ends. */
export function scratchFolder(onTestFinished) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-scratch-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files given as path → text (or as something for JSON). */
export function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
}

/** Copies what the patterns match from the repository. */
export function copyOf(folder, patterns) {
  for (const path of globSync(patterns, {
    cwd: root,
    exclude: (name) => /node_modules|dist|\.turbo/.test(String(name)),
  })) {
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
}

/** Runs git in the folder, untouched by the user's own configuration. */
export function git(folder, ...args) {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'init.defaultBranch=main'];
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
  return execFileSync('git', [...who, ...args], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
}

/** Everything in the folder as one commit. */
export function commit(folder, message = 'Change') {
  git(folder, 'add', '-A');
  git(folder, 'commit', '-qm', message);
}
