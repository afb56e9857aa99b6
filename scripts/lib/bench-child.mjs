/** Runs one bench file in a process of its own, so that none warms up or litters another; sends its rows to its parent. */
import { pathToFileURL } from 'node:url';

const bench = await import(pathToFileURL(process.argv[2]).href);
if (typeof bench.default !== 'function')
  throw new TypeError('A bench file exports a function by default: async () => Row[].');
process.send(await bench.default(), () => process.disconnect());
