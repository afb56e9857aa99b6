import { storageSuite } from '@reprise/core/testing';
import { test } from 'vitest';
import { reopened, temporaryStorage } from './temporary.ts';

storageSuite({ test, create: temporaryStorage, reopen: reopened });
