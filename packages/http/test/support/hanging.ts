import { createSessions } from '@reprise/core';
import { scriptedModel } from '@reprise/fake-provider';
import { fsStorage } from '@reprise/storage-fs';

// A process whose turn never ends by itself. It says on which session.
const [root = ''] = process.argv.slice(2);
const model = scriptedModel();
model.script.push(['Hel', new Promise(() => undefined)]);
const sessions = createSessions({
  storage: fsStorage({ root }),
  models: { resolve: async (name) => ({ requested: name, name, model, info: model.info }) },
});
const session = await sessions.create({ model: 'test/model' });
session.turn('hello').on('text', () => console.log(session.id));
setInterval(() => undefined, 60_000);
