import { openApprovals } from '../asks/approve.ts';
import type { Sought, Standing } from '../asks/approve.ts';
import { denialOf } from '../asks/words.ts';
import type { PermissionRequest } from '../contracts/tool.ts';
import type { Coded } from '../errors.ts';
import { objection } from '../hooks/turn.ts';
import type { StepRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import type { State } from '../state/state.ts';
import type { ApprovalRequest } from '../state/verdicts.ts';
import { requestsIn, unjudged } from '../state/verdicts.ts';
import { decisionOn } from '../tools/prepare.ts';
import type { Finished } from './calls.ts';
import { NOT_RUN, runCalls } from './calls.ts';
import type { TurnContext } from './context.ts';

/** The step has calls, or its provider asks about some of its own. */
export function leavesWork(step: StepRecord): boolean {
  return (step.toolCalls ?? []).length > 0 || requestsIn(step).length > 0;
}

/** The newest step has calls without a result, or of which the provider was not told whether it may run them. */
export function isWaiting(state: State): boolean {
  return (state.open?.pending ?? []).length > 0 || unjudged(state).length > 0;
}

interface Judging extends ApprovalRequest {
  readonly standing: Standing;
}

/**
 * What a stored step leaves to do: its calls are run, and the provider is told of each call of its own that it asks about whether it may run it.
 * People are asked about those before any call runs, and waited for once all have run.
 */
export async function runStep(context: TurnContext, step: StepRecord): Promise<Finished[]> {
  const { judging, failure } = await judge(context, step);
  if (failure !== undefined) {
    const refused = Object.fromEntries((step.toolCalls ?? []).map(({ id }) => [id, NOT_RUN]));
    await runCalls(context, { ...step, refused });
    throw failure;
  }
  const finished = await runCalls(context, step);
  return [...finished, ...(await tell(context, step, judging))];
}

/** The policy judges such a call like any other; nobody knows what it touches. Asks people where the policy says so. */
async function judge(
  context: TurnContext,
  step: StepRecord,
): Promise<{ readonly judging: readonly Judging[]; readonly failure?: Coded }> {
  const due = unjudged(context.live.state);
  const requests = requestsIn(step).filter(({ request }) => due.some((one) => one.request === request));
  const judged = await Promise.all(
    requests.map(async (request) => ({ ...request, sought: await soughtFor(context, request) })),
  );
  const sought = judged.flatMap((one) => (typeof one.sought === 'string' ? [] : [one.sought]));
  const { standings, failure } = await openApprovals(context.desk, sought);
  const judging = judged.map(({ request, call, sought: own }): Judging => {
    const standing =
      typeof own === 'string' ? ({ kind: 'refused', error: own } as const) : standings[sought.indexOf(own)];
    return { request, call, standing: standing ?? { kind: 'refused', error: 'Permission denied.' } };
  });
  return { judging, ...(failure !== undefined && { failure }) };
}

/** What people may have to be asked, or why the call may not run. */
async function soughtFor(context: TurnContext, { call }: ApprovalRequest): Promise<Sought | string> {
  const { live, roots, runtime } = context;
  const { id, tool, input } = call;
  const request: PermissionRequest = {
    session: live.id,
    call: id,
    tool,
    // Whatever a tool of the program is called, this one is the provider's.
    named: false,
    input,
    access: { effect: 'unknown' },
    cwd: roots[0] ?? '/',
    roots,
  };
  const decision = decisionOn(runtime.permissions, () => request);
  if (decision.verdict === 'deny') return `Permission denied: ${decision.reason}`;
  const why = await objection(context, { call, tool: { name: tool }, input, access: request.access });
  if (why !== undefined) return `Permission denied: ${why}`;
  const prepared = { call: { id, params: input }, input };
  if (decision.verdict === 'allow') return { kind: 'run', call: prepared.call };
  const { reason } = decision;
  return { kind: 'ask', prepared, request: { ...request, ...(reason !== undefined && { reason }) } };
}

/** One stored verdict for each, as its answer comes. Those of a turn that somebody gave up get none: they don't go back. */
async function tell(context: TurnContext, step: StepRecord, judging: readonly Judging[]): Promise<Finished[]> {
  const { desk, live, handle, runtime, signal } = context;
  const told: Finished[] = [];
  for (const { request, call, standing } of judging) {
    const denial = await denied(standing, context);
    if (signal.aborted) break;
    await desk.close(call.id);
    await live.append({
      type: 'verdict',
      at: isoNow(runtime.clock),
      turn: handle.id,
      request,
      call: call.id,
      approved: denial === undefined,
      ...(denial !== undefined && { reason: denial }),
    });
    // What the provider's calls of the step gave: the same again is a loop, something new is none.
    const result = (step.parts ?? []).flatMap((part) => (part.type === 'provider-result' ? [part.result] : []));
    const ran = { result, ...(denial !== undefined && { error: denial }) };
    told.push({ tool: call.tool, params: call.input, ran, ...(denial !== undefined && { code: 'PERMISSION_DENIED' }) });
  }
  return told;
}

async function denied(standing: Standing, { desk, signal }: TurnContext): Promise<string | undefined> {
  switch (standing.kind) {
    case 'run':
      return undefined;
    case 'refused':
      return standing.error;
    case 'wait':
      return denialOf(await desk.answerTo(standing.id, standing.matter, signal));
    default:
      return standing satisfies never;
  }
}
