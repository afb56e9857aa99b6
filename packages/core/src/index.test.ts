import { expect, test } from 'vitest';
import * as cassette from './cassette/index.ts';
import * as core from './index.ts';
import * as testing from './testing/index.ts';

test('the public surface', () => {
  expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
    [
      "ERROR_CODES",
      "PAGE_BYTES",
      "RepriseError",
      "SESSION_ID",
      "assertHead",
      "assertInboxEntry",
      "assertQuery",
      "assertRecordText",
      "assertSessionId",
      "assertThrough",
      "boundsOf",
      "checkMessage",
      "classify",
      "createSessions",
      "defineTool",
      "estimateTokens",
      "foldHead",
      "isCoded",
      "memoryStorage",
      "pageFrom",
      "pageOfHeads",
      "planQuery",
      "readSessions",
      "systemClock",
      "toCoded",
    ]
  `);
  expect(Object.keys(cassette).sort()).toMatchInlineSnapshot(`
    [
      "cassetteModel",
      "cassetteModels",
      "cassetteOf",
      "readCassette",
      "recordCassette",
      "replayCassette",
    ]
  `);
  expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
    [
      "storageSuite",
    ]
  `);
});
