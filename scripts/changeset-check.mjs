/** Fails when a public package changed since its last version and no changeset names it. `[folder]`: the repository. */
import { resolve } from 'node:path';
import { changesets } from './checks/changesets.mjs';
import { root } from './lib/setup.mjs';

const { status, note, detail } = changesets(process.argv[2] ? resolve(process.argv[2]) : root);
console.log(`changesets: ${status}${note ? ` (${note})` : ''}${detail ? `\n${detail}` : ''}`);
process.exitCode = status === 'failed' ? 1 : 0;
