import type { JSONObject } from '@ai-sdk/provider';
import type { Part, StepRecord } from '../records/types.ts';
import type { VerdictRecord } from '../records/verdict.ts';
import type { Entry, OpenTurn, State } from './state.ts';

type ProviderCall = Extract<Part, { type: 'provider-call' }>;

/** A provider asks whether it may run a call. */
export interface ApprovalRequest {
  readonly request: string;
  readonly call: ProviderCall;
}

/** A verdict, and the step whose call it is about. */
export interface Ruling extends Omit<VerdictRecord, 'type' | 'at' | 'turn'> {
  readonly step: string;
  /** No model has answered to it yet. */
  readonly fresh?: true;
}

/** Nobody knows whether such a step is whole. */
const CUT: ReadonlySet<StepRecord['finishReason']> = new Set(['length', 'content-filter', 'interrupted', 'error']);

/** What the provider asks in a step: about calls of the step that have no result in it, once each. */
export function requestsIn({ parts = [], finishReason }: StepRecord): ApprovalRequest[] {
  if (CUT.has(finishReason)) return [];
  const requests: ApprovalRequest[] = [];
  for (const { request, id } of parts.flatMap(idsOf)) {
    const call = parts.find((part) => part.type === 'provider-call' && part.id === id) as ProviderCall | undefined;
    const known = requests.some((one) => one.request === request || one.call.id === id);
    const ran = parts.some((part) => part.type === 'provider-result' && part.id === id);
    if (call !== undefined && !known && !ran) requests.push({ request, call });
  }
  return requests;
}

function idsOf(part: Part): { readonly request: string; readonly id: string }[] {
  if (part.type !== 'other') return [];
  const { type, approvalId: request, toolCallId: id } = Object(part.part) as JSONObject;
  const asks = type === 'tool-approval-request' && typeof request === 'string' && typeof id === 'string';
  return asks ? [{ request, id }] : [];
}

/** What the newest step leaves to be judged. */
export function unjudged({
  open,
  verdicts = [],
}: Pick<State, 'open' | 'verdicts'>): NonNullable<OpenTurn['requests']>['asked'] {
  const { step, asked = [] } = open?.requests ?? {};
  return asked.filter(({ request }) => !verdicts.some((one) => one.step === step && one.request === request));
}

/** A new step is the newest one; if it is whole, the model has had its say on the verdicts before it. */
export function withRequests(state: State, step: StepRecord): State {
  const { open, ...rest } = state;
  if (open === undefined) return state;
  const { requests: _requests, ...before } = open;
  const asked = requestsIn(step).map(({ request, call }) => ({ request, call: call.id }));
  const now = asked.length === 0 ? before : { ...before, requests: { step: step.id, asked } };
  const { verdicts } = state;
  if (verdicts === undefined || step.finishReason === 'interrupted') return { ...rest, open: now };
  return { ...rest, open: now, verdicts: verdicts.map(({ fresh: _fresh, ...one }) => one) };
}

/** The first verdict on what the newest step asks. */
export function judged(state: State, { type: _type, at: _at, turn, ...verdict }: VerdictRecord): State {
  const { open, verdicts = [] } = state;
  const due = unjudged(state).find(({ request }) => request === verdict.request);
  if (open?.turn !== turn || open.requests === undefined || due?.call !== verdict.call) return state;
  return { ...state, verdicts: [...verdicts, { ...verdict, step: open.requests.step, fresh: true }] };
}

/** Consent that no model has answered to is void: nothing may run on it later, in another turn or another session. */
export function voided(state: State): State {
  const left = state.verdicts?.filter(({ fresh }) => fresh === undefined) ?? [];
  if (left.length === (state.verdicts?.length ?? 0)) return state;
  return { ...withVerdicts(state, left), prefixFrom: state.seq };
}

/** Only those of steps in the window are carried. */
export function inWindow(state: State, entries: readonly Entry[]): State {
  const { verdicts } = state;
  if (verdicts === undefined) return state;
  const ids = new Set(entries.map(({ record }) => (record.type === 'step' ? record.id : '')));
  return withVerdicts(
    state,
    verdicts.filter(({ step }) => ids.has(step)),
  );
}

function withVerdicts({ verdicts: _verdicts, ...state }: State, verdicts: readonly Ruling[]): State {
  return verdicts.length === 0 ? state : { ...state, verdicts };
}
