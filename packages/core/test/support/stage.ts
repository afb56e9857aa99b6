import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { Capabilities, ModelInfo, ModelResolver } from '../../src/contracts/model.ts';
import type { SessionsConfig } from '../../src/contracts/config.ts';
import type { Sessions } from '../../src/contracts/session.ts';
import type { Tool } from '../../src/contracts/tool.ts';
import type { Chunk, Turn } from '../../src/contracts/turn.ts';
import { RepriseError } from '../../src/errors.ts';
import { createSessions } from '../../src/session/sessions.ts';
import { ManualClock } from './clock.ts';
import type { ScriptedModel } from './model.ts';
import { scripted } from './model.ts';
import type { FaultyStorage } from './storage.ts';
import { faulty } from './storage.ts';

const CAPABILITIES: Capabilities = {
  rules: 'anthropic',
  temperature: true,
  tools: true,
  parallelTools: true,
  input: [],
  effort: [],
  cache: 'none',
  prefixBoundReasoning: false,
};

export function infoOf(change: Partial<ModelInfo> = {}, capabilities: Partial<Capabilities> = {}): ModelInfo {
  return {
    contextWindow: 100_000,
    maxOutputTokens: 8000,
    from: 'user',
    capabilities: { ...CAPABILITIES, ...capabilities },
    ...change,
  };
}

/** `s1`, `msg_1`, `turn_1`, … */
export function countingIds(prefix = ''): NonNullable<SessionsConfig['ids']> {
  const counts = { session: 0, message: 0, turn: 0, call: 0, ask: 0 };
  const names = { session: 's', message: 'msg_', turn: 'turn_', call: 'call_', ask: 'ask_' };
  return (kind) => `${names[kind]}${prefix}${(counts[kind] += 1)}`;
}

/** Names to models; what is not among them is MODEL_NOT_FOUND. */
export function resolverOf(models: Readonly<Record<string, LanguageModelV4>>, info = infoOf()): ModelResolver {
  return {
    async resolve(name) {
      const model = models[name];
      if (model === undefined) throw new RepriseError('MODEL_NOT_FOUND', `no model ${name}`);
      return { requested: name, name, model, info };
    },
  };
}

export interface Stage {
  readonly model: ScriptedModel;
  readonly storage: FaultyStorage;
  readonly clock: ManualClock;
  readonly sessions: Sessions;
  /** What `config.report` got. */
  readonly reported: unknown[];
  /** Another process on the same store. */
  restart(change?: Partial<SessionsConfig>): Omit<Stage, 'restart'>;
}

/** An engine on memory, with a scripted model under the name `test/model`, counting ids and a manual clock. */
export function stage(change: Partial<SessionsConfig> = {}, info?: ModelInfo): Stage {
  const model = scripted();
  const clock = new ManualClock();
  let processes = 0;
  const start = (storage: FaultyStorage, more: Partial<SessionsConfig>): Omit<Stage, 'restart'> => {
    const reported: unknown[] = [];
    processes += 1;
    const sessions = createSessions({
      storage,
      models: resolverOf({ 'test/model': model }, info),
      clock,
      ids: countingIds(processes === 1 ? '' : `p${processes}_`),
      random: () => 0.5,
      report: (error) => reported.push(error),
      ...change,
      ...more,
    });
    return { model, storage, clock, sessions, reported };
  };
  const storage = faulty();
  return { ...start(storage, {}), restart: (more = {}) => start(faulty(storage.inner), more) };
}

/** A tool that says what it was called with and counts its runs. */
export function tool(name: string, change: Partial<Tool> = {}): Tool & { runs: unknown[] } {
  const runs: unknown[] = [];
  return {
    name,
    description: `The tool ${name}.`,
    input: { type: 'object', properties: { n: { type: 'number' } } },
    replay: 'never',
    access: () => ({ effect: 'read' }),
    runs,
    ...change,
    async run(input, context) {
      runs.push(input);
      return change.run === undefined ? `${name} ${JSON.stringify(input)}` : change.run(input, context);
    },
  };
}

/** Every chunk of a turn; a failure ends the list. */
export async function chunksOf(turn: Turn): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  try {
    for await (const chunk of turn) chunks.push(chunk);
  } catch {
    // The outcome tells.
  }
  return chunks;
}

/** The text that somebody who follows the chunks sees at the end, step by step. */
export function shownText(chunks: readonly Chunk[]): string {
  let before = '';
  let step = '';
  for (const chunk of chunks) {
    if (chunk.type === 'text') step += chunk.content;
    else if (chunk.type === 'reset') step = step.slice(0, chunk.offset);
    else if (chunk.type === 'tool_call') {
      before += step;
      step = '';
    }
  }
  return before + step;
}
