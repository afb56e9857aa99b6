import { existsSync } from 'node:fs';
import { storageSuite, type Faults } from '@reprise/core/testing';
import { afterAll, beforeAll, test } from 'vitest';
import { cutPower, faults, recordSyncs } from './faulty.ts';
import { reopened, temporaryStorage } from './temporary.ts';

/** Seen through /proc, which only Linux has. */
const seesSyncs = existsSync('/proc/self/fd');
let recorded: ReturnType<typeof recordSyncs> | undefined;
beforeAll(() => {
  if (seesSyncs) recorded = recordSyncs();
});
afterAll(() => void recorded?.undo());

const power: Faults = seesSyncs ? { cutPower: (storage) => cutPower(recorded!.synced)(storage) } : {};

storageSuite({ test, create: temporaryStorage, reopen: reopened, faults: { ...faults, ...power } });
