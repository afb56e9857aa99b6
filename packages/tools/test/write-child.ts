import { toolContext, writeTool } from '../src/index.ts';

/** Writes `new` over `file` in the folder that is named, for tests that interrupt it. */
const cwd = process.argv[2] ?? '';
await writeTool()
  .run({ path: 'file', content: 'new' }, toolContext({ cwd }))
  .catch((error: Error & { code?: string }) => {
    console.log(error.code, error.message);
  });
