import { defineConfig } from 'tsup';
import { base } from '../../tsup.base.ts';

export default defineConfig({
  ...base,
  entry: ['src/index.ts', 'src/cassette/index.ts', 'src/testing/index.ts', 'src/turn/index.ts'],
});
