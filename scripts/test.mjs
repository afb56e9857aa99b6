/** `npm test`: installs what is missing and runs the whole gate. Starts under Node 20 or later, needs only npm. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { explain, install, root } from './lib/setup.mjs';

try {
  const env = await install((line) => process.stderr.write(`reprise: ${line}\n`));
  const check = [join(root, 'scripts', 'check.mjs'), ...process.argv.slice(2)];
  const child = spawn(join(root, 'node_modules', '.bin', 'node'), check, { cwd: root, env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
} catch (error) {
  process.exitCode = explain(error);
  // The last line of a gate is a count, also when it could not begin.
  console.log('0 passed, 1 failed');
}
