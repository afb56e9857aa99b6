import { bashTool, toolContext } from '../src/index.ts';

/** Runs a command in the folder that is named and prints its result beside how far the memory of this process grew, in bytes. */
const [, , cwd = '', spillDir = '', options = '{}', input = '{}'] = process.argv;
const bash = bashTool({ spillDir, ...(JSON.parse(options) as object) });
const context = toolContext({ cwd });
// What the first call loads and compiles is no cost of the output's length.
await bash.run({ command: 'seq 1 100000' }, context);
const before = process.memoryUsage.rss();
let most = before;
const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
const result = await bash.run(JSON.parse(input) as { command: string }, context);
clearInterval(timer);
console.log(JSON.stringify({ result, growth: most - before }));
