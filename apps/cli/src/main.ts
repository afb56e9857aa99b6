import packageJson from '../package.json' with { type: 'json' };
import { cli } from './cli.ts';
import { processIo } from '@reprise/tui';

// Everything is written and closed by now; an idle connection kept alive must not hold the process back.
process.exit(await cli(process.argv.slice(2), processIo(), packageJson.version));
