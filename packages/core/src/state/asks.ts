import type { AnswerRecord, AskRecord, StartRecord } from '../records/types.ts';
import type { OpenAsk, OpenTurn, State } from './state.ts';
import { worked } from './account.ts';
import { unjudged } from './verdicts.ts';

/** So many grants are remembered, the newest. */
const GRANTS = 1000;

/** A question about a call that has no result yet, or that its provider wants to run. */
export function asked(state: State, { type: _type, turn, ...ask }: AskRecord): State {
  const { open } = state;
  if (open?.turn !== turn) return state;
  const waits = open.pending.some(({ id }) => id === ask.call) || unjudged(state).some(({ call }) => call === ask.call);
  if (!waits) return state;
  const asks = open.asks ?? [];
  if (asks.some(({ id }) => id === ask.id)) return state;
  return { ...state, open: { ...open, asks: [...asks, ask], ms: worked(open, ask.at), asking: true } };
}

/** The first answer counts. */
export function answered(state: State, { type: _type, ask: id, ...answer }: AnswerRecord): State {
  const { open } = state;
  const ask = open?.asks?.find((each) => each.id === id);
  if (open?.asks === undefined || ask === undefined || ask.answer !== undefined) return state;
  const asks = open.asks.map((each) => (each === ask ? { ...ask, answer } : each));
  const granted = answer.verdict === 'always' && ask.question === undefined && !state.grants.includes(ask.fingerprint);
  const grants = granted ? [...state.grants, ask.fingerprint].slice(-GRANTS) : state.grants;
  const waits = asks.some((each) => each.answer === undefined);
  return { ...state, grants, open: waits ? { ...open, asks } : resumed({ ...open, asks }, answer.at) };
}

/** Nobody is asked any more: from here on the time counts again. */
export function resumed({ asking, ...open }: OpenTurn, at: string): OpenTurn {
  return asking === true ? { ...open, since: at } : open;
}

export function begun(state: State, { turn, call }: StartRecord): State {
  const { open } = state;
  if (open?.turn !== turn || !open.pending.some(({ id }) => id === call)) return state;
  const before = open.begun ?? [];
  return before.includes(call) ? state : { ...state, open: { ...open, begun: [...before, call] } };
}

/** What a person allowed in one session holds for no other: a copy asks again. */
export function ungranted({ open, ...state }: State): State {
  const copy = { ...state, grants: [] };
  if (open?.asks === undefined) return open === undefined ? copy : { ...copy, open };
  const asks = open.asks.filter(({ answer }) => answer?.verdict !== 'once' && answer?.verdict !== 'always');
  return { ...copy, open: { ...open, asks } };
}

export function unansweredAsks(open: OpenTurn): OpenAsk[] {
  return (open.asks ?? []).filter(({ answer }) => answer === undefined);
}

/** Whether the ask is about the call itself and was made before any call of its step ran. */
export function isApproval({ question, path }: OpenAsk): boolean {
  return question === undefined && path === undefined;
}

/** Whether a call without a result may have run. Where somebody was asked about its step, each call that began says so. */
export function mayHaveRun(open: OpenTurn, call: string): boolean {
  return open.begun?.includes(call) === true || open.asks?.some(isApproval) !== true;
}
