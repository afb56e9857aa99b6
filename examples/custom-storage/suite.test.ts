import { test } from 'node:test';
import { storageSuite } from '@reprise/core/testing';
import sqliteStorage from './sqlite-storage.ts';

storageSuite({ test, create: () => sqliteStorage({ path: ':memory:' }) });
