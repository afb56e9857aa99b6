#!/usr/bin/env node
if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`reprise: needs Node.js 24 or later; this is ${process.version}.\n`);
  process.exit(1);
}
keepCompiled();
await import('../dist/main.js').catch(endUnbuilt);

/** Before the first build, and in the second or two of another one. */
function endUnbuilt(error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' && !(error instanceof SyntaxError)) throw error;
  process.stderr.write('reprise: not built, or not yet: run npm start or pnpm build in its repository.\n');
  process.exit(1);
}

/** Node keeps the compiled code between runs, in a folder that is nobody else's: a third of the start-up of a turn. */
function keepCompiled() {
  const { HOME, XDG_CACHE_HOME } = process.env;
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
  if (!cache) return;
  try {
    const folder = `${cache}/reprise`;
    process.getBuiltinModule('node:fs').mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.getBuiltinModule('node:module').enableCompileCache(folder);
  } catch {
    // A home that can't be written to only makes it slower.
  }
}
