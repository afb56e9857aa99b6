#!/usr/bin/env node
if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`reprise-server: needs Node.js 24 or later; this is ${process.version}.\n`);
  process.exit(1);
}
await import('../dist/main.js');
