import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

// The parser is small and has no dependency of its own; built in, it is nobody's to install.
export default defineConfig({ ...base, target: 'es2024', entry: ['src/index.ts'], noExternal: ['eventsource-parser'] });
