import { compile } from '../context/compile.ts';
import type { Boundary } from '../context/plan.ts';
import { windowOf } from '../context/window.ts';
import { estimateTokens } from '../context/estimate.ts';
import type { Spent } from '../records/types.ts';
import { Accumulator } from '../model/accumulate.ts';
import { List } from '../state/list.ts';
import type { TurnContext } from './context.ts';
import { entryOf } from '../state/state.ts';
import { incomplete } from './build-step.ts';
import { send } from './send.ts';
import { spentBy, tookBy } from './took.ts';

const INSTRUCTION = `You condense conversations between a user and a coding assistant. Your summary replaces the conversation, so keep what the
assistant needs to go on: what the user asked for and decided, what was done and found out, file paths, names, commands and figures as they
were written, and what is still open. Use short paragraphs or lists. Write the summary and nothing else.`;
const REQUEST = 'Write the summary of the conversation above.';
/** Share of the window that a summary may take, and the most tokens. */
const SHARE = 0.1;
const MOST = 4096;

/** What came of asking for a summary. */
export interface Summed extends Spent {
  readonly summary?: string;
}

/**
 * What the model writes in place of the messages that leave the window. One call, without tools and without a second try: no summary where
 * it fails, for the window has to move in any case. `undefined` where the turn's budget has no room for it.
 */
export async function summarize(context: TurnContext, plan: Boundary): Promise<Summed | undefined> {
  const { live, model, purse } = context;
  const { open: _open, ...state } = live.state;
  const leaving = state.entries.toArray().filter(({ seq }) => seq < plan.from && !plan.keep.includes(seq));
  const request = { type: 'message', id: '', role: 'user', content: REQUEST, timestamp: '' } as const;
  const limit = Math.floor(Math.min(MOST, SHARE * windowOf(state.settings, model.info)));
  const compiled = compile(
    {
      ...state,
      entries: List.of([...leaving, entryOf(state.seq, request)]),
      system: [{ id: 'summary', text: INSTRUCTION }],
      settings: { maxTokens: limit },
    },
    { info: model.info, provider: model.model.provider, tools: [] },
  );
  const input = leaving.reduce((sum, { tokens }) => sum + tokens, estimateTokens(INSTRUCTION + (state.summary ?? '')));
  const granted = await purse.open({ model, input, output: limit });
  if (granted.refused !== undefined) return undefined;
  const { output = limit } = granted;
  const accumulator = new Accumulator({ text: () => undefined, reasoning: () => undefined });
  let whole = true;
  try {
    const request = { ...compiled, maxOutputTokens: output };
    await send(context, accumulator, request, { purpose: 'summary', attempt: 1 });
  } catch {
    whole = false;
  }
  const response = accumulator.response();
  const summary = response.content.trim();
  const spent = spentBy(model, tookBy(response, model, input));
  if (!whole || incomplete(response) !== undefined || summary === '') return spent;
  return { summary, ...spent };
}
