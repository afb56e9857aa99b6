import { test } from 'vitest';
import { storageSuite } from '../testing/index.ts';
import { memoryStorage } from './memory.ts';

storageSuite({ test, create: memoryStorage });
