import type { CompileFacts, Request } from '../context/compile.ts';
import { compile } from '../context/compile.ts';
import { estimateTokens } from '../context/estimate.ts';
import type { Boundary, Fit } from '../context/plan.ts';
import { planPrune } from '../context/plan.ts';
import { windowOf } from '../context/window.ts';
import type { ModelFailure } from '../contracts/model.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import { isoNow } from '../session/clock.ts';
import { weighedFor } from '../files/choose.ts';
import { loadFiles } from '../files/load.ts';
import type { State } from '../state/state.ts';
import type { TurnContext } from './context.ts';
import { summarize } from './summarize.ts';

export async function requestFacts(context: TurnContext): Promise<CompileFacts> {
  const { live, model, tools } = context;
  const files = await loadFiles(context);
  return { info: model.info, provider: model.model.provider, tools: await tools.specs(live.state.tools), files };
}

/** The request that is due. `most`: tokens of its answer, where a budget shortens it. */
export async function requestOf(context: TurnContext, most: number | undefined): Promise<Request> {
  const request = compile(context.live.state, await requestFacts(context));
  return most === undefined ? request : { ...request, maxOutputTokens: most };
}

/** Tokens of an answer at most. */
export function longestAnswer({ live, model }: TurnContext): number {
  return Math.min(live.state.settings.maxTokens ?? Infinity, model.info.maxOutputTokens);
}

/** Tokens of the window, and what every request takes beside the messages. */
export function fitOf(state: State, facts: CompileFacts): Fit {
  const texts = [
    state.summary ?? '',
    ...state.system.map((block) => block.text),
    ...facts.tools.map((tool) => JSON.stringify(tool)),
  ];
  return {
    max: windowOf(state.settings, facts.info),
    overhead: texts.reduce((sum, text) => sum + estimateTokens(text), 0),
  };
}

/** Moves the window's start where that is due. The tokens of the request, about, or an error where what must stay doesn't fit. */
export async function fitWindow(context: TurnContext): Promise<Coded | number> {
  const { live } = context;
  const facts = await requestFacts(context);
  const fit = fitOf(live.state, facts);
  const plan = planPrune(weighedFor(live.state, facts), fit);
  if (plan !== undefined) await move(context, plan);
  const needed = weighedFor(live.state, facts).tokens + fit.overhead;
  if (needed <= fit.max) return needed;
  return new RepriseError(
    'CONTEXT_LENGTH_EXCEEDED',
    `The request needs about ${needed} tokens; the window holds ${fit.max}.`,
    {
      hint: 'Send less at once, or use a model with a larger window. Nothing older is left to prune.',
      details: { needed, max: fit.max },
    },
  );
}

/** The provider says that the request is too long: the boundary that makes progress, if there is one. */
export async function planOverflow(context: TurnContext): Promise<Boundary | undefined> {
  const { live } = context;
  if (live.state.settings.pruneStrategy === 'none') return undefined;
  const facts = await requestFacts(context);
  return planPrune(weighedFor(live.state, facts), fitOf(live.state, facts), true);
}

/** Where the session wants it, what leaves the window is summed up first; if that fails, it leaves all the same. */
export async function move(context: TurnContext, plan: Boundary): Promise<void> {
  const { live, runtime } = context;
  const summed = live.state.settings.pruneStrategy === 'summarize' ? await summarize(context, plan) : undefined;
  const reason = summed?.summary === undefined ? 'prune' : 'compact';
  await live.append({ type: 'boundary', at: isoNow(runtime.clock), reason, ...plan, ...summed });
  if (summed !== undefined) await context.purse.close();
  if (summed?.usage !== undefined) live.events.emit('token_usage', { ...summed.usage, session: live.state.usage });
}

/** Nothing that could be left out made the request short enough for its provider: what it said, and what was thought. */
export async function tooLong(failure: ModelFailure, cause: unknown, context: TurnContext): Promise<Coded> {
  const { live, model } = context;
  const facts = await requestFacts(context);
  const fit = fitOf(live.state, facts);
  const needed = weighedFor(live.state, facts).tokens + fit.overhead;
  const { status } = failure;
  return new RepriseError(
    'CONTEXT_LENGTH_EXCEEDED',
    `${failure.message} (The request took about ${needed} tokens; ${model.name} is taken to hold ${fit.max}.)`,
    {
      cause,
      hint: 'Send less at once, or use a model with a larger window. If the provider allows less than that, say so with contextWindow.',
      details: { needed, max: fit.max, ...(status !== undefined && { status }) },
    },
  );
}
