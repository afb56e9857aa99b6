/** A process of its own that knows nothing but the folder: does the jobs that it is given as JSON, and prints what came of them. */
import { Session } from '@reprise/session';

/** Goes on with `id` (a fork of it, if asked), or begins; then says `say`. */
export interface Job {
  readonly id?: string;
  readonly fork?: boolean;
  readonly model?: string;
  readonly say: string;
}

export interface Done {
  readonly id: string;
  readonly answer: string;
  /** As `getMessages()` gives them. */
  readonly messages: readonly unknown[];
}

async function open({ id, fork, model }: Job): Promise<Session> {
  if (id === undefined) return Session.create({ model: model ?? '', tools: [] });
  const there = await Session.resume(id);
  const session = fork ? await there.fork() : there;
  return model === undefined ? session : Session.resume(session.id, { model });
}

const done: Done[] = [];
for (const job of JSON.parse(process.argv[2] ?? '[]') as Job[]) {
  const session = await open(job);
  // A fork in the same process keeps the tool.
  const inherited = job.fork === true && done.some(({ id }) => id === job.id);
  if (!inherited)
    session.registerTool({
      name: 'look',
      description: 'Looks.',
      parameters: { type: 'object', properties: { at: { type: 'string' } } },
      handler: ({ at }: { at: string }) => `seen ${at}`,
    });
  const { content } = await session.message(job.say);
  done.push({ id: session.id, answer: content, messages: await session.getMessages() });
}
console.log(JSON.stringify(done));
