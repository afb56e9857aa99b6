import { createSessions, RepriseError } from '@reprise/core';
import { scriptedModel } from '@reprise/fake-provider';
import { fsStorage } from '@reprise/storage-fs';
import { serve } from '../../src/node/index.ts';

// A server of its own process: words come slowly, so that there is something to cut.
const [root = '', tokenFile = '', port = '0', words = '40'] = process.argv.slice(2);
const model = scriptedModel();
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
for (let n = 0; n < 50; n += 1) {
  model.script.push(Array.from({ length: Number(words) }).flatMap((_, i) => [`w${i} `, { wait: () => wait(5) }]));
}
const sessions = createSessions({
  storage: fsStorage({ root }),
  models: {
    async resolve(name) {
      if (name !== 'test/model') throw new RepriseError('MODEL_NOT_FOUND', `no model ${name}`);
      return { requested: name, name, model, info: model.info };
    },
  },
});
const serving = await serve(sessions, { port: Number(port), tokenFile, defaultModel: 'test/model' });
await serving.recovered;
process.on('SIGTERM', () => void serving.stop().then(() => process.exit(0)));
console.log(serving.url);
