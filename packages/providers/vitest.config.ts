import { mergeConfig } from 'vitest/config';
import base, { keepsCompiled } from '../../vitest.base.ts';

export default mergeConfig(base, { test: { name: '@reprise/providers', env: keepsCompiled } });
