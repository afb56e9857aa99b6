import type { Coded } from '../errors.ts';
import { isApproval } from '../state/asks.ts';
import type { OpenAsk } from '../state/state.ts';
import type { Asking } from '../tools/prepare.ts';
import type { AskDesk, Matter } from './desk.ts';
import { fingerprintOfCall } from './fingerprint.ts';
import { ENGINE, NOBODY, POLICY, denialOf, needsPerson } from './words.ts';

/** A call that the policy allows, or that a person must agree to. */
export type Sought =
  | { readonly kind: 'run'; readonly call: { readonly id: string } }
  | {
      readonly kind: 'ask';
      readonly request: Asking['request'];
      readonly prepared: { readonly call: { readonly id: string; readonly params: unknown }; readonly input: unknown };
    };

/** How a call stands before anything of its step runs. */
export type Standing =
  | { readonly kind: 'run' }
  | { readonly kind: 'wait'; readonly id: string; readonly matter: Matter }
  | { readonly kind: 'refused'; readonly error: string };

export interface Approvals {
  /** In the order of the calls. */
  readonly standings: readonly Standing[];
  /** The turn ends: a person is needed, and it is not to wait for one. */
  readonly failure?: Coded;
}

const RUN: Standing = { kind: 'run' };

/**
 * Phase two of the calls of a step: those that a person must agree to are asked about, all at once and before any of them runs. What an
 * earlier process asked about exactly the same call is taken up, with its answer if it has one.
 */
export async function openApprovals(desk: AskDesk, calls: readonly Sought[]): Promise<Approvals> {
  const standings: Standing[] = [];
  const open: Matter[] = [];
  let failure: Coded | undefined;
  for (const call of calls) {
    if (call.kind === 'run') {
      standings.push(await allowedAlready(desk, call));
      continue;
    }
    const matter = await matterOf(call);
    if (matter === undefined) {
      standings.push({ kind: 'refused', error: 'Permission denied: these arguments can not be put before a person.' });
      continue;
    }
    const found = await takenUp(desk, matter);
    if (found?.answer !== undefined) standings.push({ kind: 'wait', id: found.id, matter });
    else if (desk.isGranted(matter.fingerprint)) {
      if (found !== undefined) await desk.take(found.id, { verdict: 'once', by: POLICY });
      standings.push(RUN);
    } else if ((found === undefined ? desk.onAsk : desk.onFound) === 'wait') {
      const asked = found === undefined ? matter : { ...matter, id: found.id };
      standings.push({ kind: 'wait', id: '', matter: asked });
      open.push(asked);
    } else {
      if (desk.onAsk === 'fail') failure ??= needsPerson(matter);
      if (found !== undefined) await desk.take(found.id, { verdict: 'deny', message: NOBODY, by: ENGINE });
      standings.push({ kind: 'refused', error: `Permission denied: ${NOBODY}` });
    }
  }
  if (failure !== undefined) return { standings, failure };
  const ids = await desk.open(open);
  return {
    standings: standings.map((each) =>
      each.kind === 'wait' && each.id === '' ? { ...each, id: ids[open.indexOf(each.matter)] ?? '' } : each,
    ),
  };
}

/** Whether a call that was put before a person is still what they were shown. */
export async function isUnchanged({ request, prepared }: Asking, { fingerprint }: Matter): Promise<boolean> {
  return (await fingerprintOf({ request, prepared })) === fingerprint;
}

/** The policy allows it, now. What a person said before about it stands all the same. */
async function allowedAlready(desk: AskDesk, { call }: Extract<Sought, { kind: 'run' }>): Promise<Standing> {
  for (const ask of approvalsOf(desk, call.id)) {
    if (ask.answer === undefined) await desk.take(ask.id, { verdict: 'once', by: POLICY });
    const denial = ask.answer === undefined ? undefined : denialOf(ask.answer);
    if (denial !== undefined && ask.answer?.verdict !== 'cancelled') return { kind: 'refused', error: denial };
  }
  return RUN;
}

/** The question that an earlier process asked about exactly this. One about anything else is void. */
async function takenUp(desk: AskDesk, { call, fingerprint }: Matter): Promise<OpenAsk | undefined> {
  let same: OpenAsk | undefined;
  for (const ask of approvalsOf(desk, call)) {
    const is = ask.fingerprint === fingerprint;
    if (!is && ask.answer === undefined) await desk.take(ask.id, { verdict: 'cancelled', by: ENGINE });
    if (is && ask.answer?.verdict !== 'cancelled') same = ask;
  }
  return same;
}

function approvalsOf(desk: AskDesk, call: string): OpenAsk[] {
  return desk.asks().filter((ask) => ask.call === call && isApproval(ask));
}

async function matterOf(asking: Extract<Sought, { kind: 'ask' }>): Promise<Matter | undefined> {
  try {
    return { ...asking.request, fingerprint: await fingerprintOf(asking) };
  } catch {
    return undefined;
  }
}

function fingerprintOf({ request, prepared }: Omit<Extract<Sought, { kind: 'ask' }>, 'kind'>): Promise<string> {
  const { call, input } = prepared;
  const { tool, cwd, access } = request;
  return fingerprintOfCall({ tool, input, params: call.params, cwd, access });
}
