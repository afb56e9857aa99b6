import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  platform: 'node',
  entry: ['src/index.ts', 'src/node/index.ts', 'src/otel/index.ts', 'src/log/index.ts'],
});
