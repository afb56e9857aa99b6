/**
 * `npm start`: installs and builds what is missing, then runs `reprise run` on this repository. Arguments after `--`
 * go to `reprise run`. Starts under Node 20 or later; the program itself then runs on the Node of node_modules.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { endAll } from './lib/run.mjs';
import { SetupError, build, explain, install, root } from './lib/setup.mjs';
import { runArguments } from './lib/start-arguments.mjs';

const say = (line) => process.stderr.write(`reprise: ${line}\n`);
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const stopSetup = (signal) => {
  endAll('SIGTERM');
  process.exit(128 + constants.signals[signal]);
};
for (const signal of signals) process.on(signal, stopSetup);

try {
  const env = await install(say);
  // From the cache it takes no second, and then there is nothing to say.
  const slow = setTimeout(() => say('building'), 1000);
  const built = await build(env, 'reprise...');
  clearTimeout(slow);
  if (built.code !== 0) throw new SetupError('The build failed.', built.output);
  for (const signal of signals) process.off(signal, stopSetup);
  start(env);
} catch (error) {
  process.exitCode = explain(error);
}

function start(env) {
  const given = process.argv.slice(2);
  const terminal = process.stdin.isTTY === true;
  const child = spawn(join(root, 'node_modules', '.bin', 'reprise'), ['run', ...runArguments(given, env)], {
    cwd: root,
    env,
    // Nobody who gave no argument at all is writing a prompt into a pipe; an open one would be waited for.
    stdio: [terminal || given.length > 0 ? 'inherit' : 'ignore', 'inherit', 'inherit'],
  });
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends its Ctrl-C to the program as well; a second one would mean "now".
      if (!(terminal && signal === 'SIGINT')) child.kill(signal);
    });
  }
  child.once('error', (error) => {
    say(error.message);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    if (code === 0 && given.length === 0) say('go on with:  npm start -- --continue "what did I ask before?"');
    process.exit(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
  });
}
