import type { SessionsConfig } from '../contracts/config.ts';
import type { Tool } from '../contracts/tool.ts';
import type { Cassette, CassetteRecord } from './format.ts';
import type { RecordedTools, TurnScene } from './scene.ts';

/** The ids that the recording has, in their order; what is more gets ids that it has not. */
export function recordedIds(
  records: readonly CassetteRecord[],
  { calls }: Cassette,
): NonNullable<SessionsConfig['ids']> {
  const turn = records.flatMap(({ record }) => (record.type === 'message' ? (record.turn ?? []) : [])).slice(0, 1);
  const message = records.flatMap(({ record }) =>
    record.type === 'message' || record.type === 'step' ? [record.id] : [],
  );
  // The engine names a call itself where its provider didn't, or not in a way that tells it from another.
  const given = new Set(calls.flatMap(({ parts }) => parts.map(({ part }) => 'toolCallId' in part && part.toolCallId)));
  const call = records.flatMap(({ record }) => (record.type === 'step' ? (record.toolCalls ?? []) : []));
  const made = call.map(({ id }) => id).filter((id) => !given.has(id));
  const left: Record<string, string[]> = { turn, message, call: made };
  let more = 0;
  return (kind) => left[kind]?.shift() ?? `replay_${kind}_${(more += 1)}`;
}

/** The tools, and whether one of them runs. */
export function counted(tools: readonly Tool[]): { readonly tools: readonly Tool[]; readonly running: () => boolean } {
  let running = 0;
  const wrapped = tools.map((tool): Tool => ({
    ...tool,
    async run(input, context) {
      running += 1;
      try {
        return await tool.run(input, context);
      } finally {
        running -= 1;
      }
    },
  }));
  return { tools: wrapped, running: () => running > 0 };
}

/** Tools that give what was recorded and a policy that says what it said; or these tools. */
export function workOf(
  { state, cassette, turn, options: { permissions, ask } }: TurnScene,
  recorded: RecordedTools,
  tools: readonly Tool[] | undefined,
): Pick<SessionsConfig, 'tools' | 'permissions' | 'ask' | 'onAsk'> {
  if (tools !== undefined) return { tools, ...(permissions && { permissions }), ...(ask && { ask }) };
  const call = cassette.calls.find(({ place }) => place > (turn.records[0]?.place ?? 0));
  const onAsk = turn.people.needed === undefined ? 'wait' : 'fail';
  return { tools: recorded.tools(state.tools, call?.request), permissions: recorded.permissions, onAsk };
}

/** Whoever recorded was one who waits. */
export function parked(records: readonly CassetteRecord[]): boolean {
  return records.some(({ record }) => record.type === 'attempt' && record.until !== undefined);
}
