import { forwardTo } from '../asks/consult.ts';
import type { SubTask } from '../contracts/tool.ts';
import type { TurnContext } from '../turn/context.ts';
import { TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import { isoNow } from './clock.ts';
import { unborn } from './live.ts';
import type { Parts } from './parts.ts';
import { handleOf } from './parts.ts';
import { perform } from './perform.ts';
import { start } from './start-turn.ts';
import { checkTask, firstRecord } from './sub-task.ts';
import { subUsage } from './usage.ts';

/**
 * Begins a sub-session for a call: a session of its own, under the turn that runs. Throws at once for what is wrong with the task and where there
 * are too many; whatever comes later is in the outcome. Once the outcome is told, nothing of the sub-session runs, and what it took is stored
 * here too.
 */
export function spawn(
  parent: Parts,
  context: TurnContext,
  task: SubTask,
  call: string,
  signal: AbortSignal,
): TurnHandle {
  checkTask(parent, task);
  const { runtime, live } = parent;
  const leave = context.family.enter();
  const handle = new TurnHandle(runtime.ids('turn'), runtime.report);
  // Whoever is asked above says what happens where a person is needed.
  handle.onAsk = 'wait';
  const id = runtime.ids('session');
  const child = parent.doors.adopt(unborn(runtime, id, live.autoSave)).inherit(parent);
  child.pending = {};
  child.asker = forwardTo(context.desk, call, id);
  const facts = () => ({ at: isoNow(runtime.clock), turn: context.handle.id, session: id }) as const;
  let told = child.live.state.ledger;
  const tell = async (): Promise<void> => {
    const { ledger, open } = child.live.state;
    if (ledger === told && Object.keys(open?.children ?? {}).length === 0) return;
    told = ledger;
    await live.append({ type: 'spent', ...facts(), models: subUsage(child.live.state) });
  };
  const { purse, family } = context;
  child.above = { purse, family, signal: AbortSignal.any([signal, context.signal, family.over]), tell };
  context.handle.spawned({ call, turn: handle, session: handleOf(child) });
  start(child, handle, async () => {
    try {
      await live.append({ type: 'spawn', ...facts(), call });
      try {
        if (task.model !== undefined) await child.setModel(task.model);
        return await child.live.exclusive(async () => {
          await child.live.append(firstRecord(parent, child, task));
          const said = { text: task.prompt, ...(task.budget !== undefined && { budget: task.budget }) };
          return perform(child, handle, (own) => runTurn(own, said));
        });
      } finally {
        await live.append({ type: 'spent', ...facts(), models: subUsage(child.live.state), end: true });
      }
    } finally {
      // From here on it is a session like any other.
      child.above = undefined;
      child.asker = runtime.ask;
      leave();
    }
  });
  return handle;
}
