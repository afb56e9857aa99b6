import type { SubTask } from '../contracts/tool.ts';
import { RepriseError } from '../errors.ts';
import type { SessionRecord } from '../records/types.ts';
import { FORMAT } from '../records/types.ts';
import { isoNow } from './clock.ts';
import { wrongLimits } from './limits.ts';
import type { Parts } from './parts.ts';

/** INVALID_INPUT for a task that is none. */
export function checkTask(parent: Parts, task: SubTask): void {
  const { prompt, tools, budget, system } = Object(task) as SubTask;
  if (typeof prompt !== 'string' || prompt.trim() === '')
    throw new RepriseError('INVALID_INPUT', 'The prompt of a sub-session must be a text that is not empty.');
  if (system !== undefined && typeof system !== 'string')
    throw new RepriseError('INVALID_INPUT', 'The system prompt of a sub-session must be a text.');
  const wanted = budget === undefined ? undefined : wrongLimits(budget);
  if (wanted !== undefined) throw new RepriseError('INVALID_INPUT', `The budget of a sub-session must be ${wanted}.`);
  const unknown = tools?.find((name) => !parent.tools.has(name));
  if (unknown === undefined) return;
  throw new RepriseError('INVALID_INPUT', `There is no tool ${JSON.stringify(unknown)}.`, {
    hint: `The tools are ${parent.tools.names().join(', ') || 'none'}.`,
  });
}

/** As its parent is, but for what the task says. Its tools are allowed no more than they are there. */
export function firstRecord({ live, runtime }: Parts, child: Parts, task: SubTask): SessionRecord {
  const { budget: _budget, ...settings } = live.state.settings;
  const { cwd, named, system, tools } = live.state;
  const { requested, name } = child.model ?? live.state.model;
  return {
    type: 'session',
    format: FORMAT,
    at: isoNow(runtime.clock),
    model: { requested, name },
    system: task.system === undefined ? system : task.system.trim() === '' ? [] : [{ id: 'custom', text: task.system }],
    tools: task.tools ?? tools,
    named,
    settings,
    ...(cwd !== undefined && { cwd }),
    parent: { id: live.id, seq: live.state.seq, kind: 'spawn' },
  };
}
