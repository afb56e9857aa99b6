import type {
  AttemptRecord,
  BoundaryRecord,
  CarryOnRecord,
  ReserveRecord,
  SpawnRecord,
  Spent,
  SpentRecord,
  StepRecord,
  TurnEndRecord,
} from '../records/types.ts';
import { unreported } from '../model/price.ts';
import type { Charge, Ledger, Spending } from './ledger.ts';
import { EMPTY_LEDGER, NO_SPENDING, addModels, addSpending, charged, spendingIn, spendingOf } from './ledger.ts';
import type { OpenTurn, State } from './state.ts';
import { addUsage } from './state.ts';

/** Charges one model call to the session, and to the turn that runs. */
function charge(state: State, call: Charge): State {
  const { usage } = call;
  const { input, output, total } = state.usage;
  const ledger = { ...state.ledger, models: charged(state.ledger.models, call) };
  const { open } = state;
  return {
    ...state,
    ledger,
    ...(usage !== undefined && {
      usage: { input: input + usage.input, output: output + usage.output, total: total + usage.total },
    }),
    ...(open !== undefined && {
      open: { ...open, usage: addUsage(open.usage, usage), spent: addSpending(open.spent, spendingOf(call)) },
    }),
  };
}

/** A step of an import may say nothing of its model and of what it took: then there was no call of ours. */
export function chargeStep(state: State, { model, usage, unreported }: StepRecord): State {
  if (model === undefined && usage === undefined) return state;
  return charge(state, { model: model ?? state.model.name, usage, unreported });
}

/** The call that failed; whoever carries a turn on may not know of one. */
export function chargeAttempt(state: State, { spent, at }: AttemptRecord): State {
  const tried = spent === undefined ? state : charge(state, { ...spent, kind: 'retry' });
  return tried.open === undefined ? tried : { ...tried, open: { ...without(tried.open), last: at } };
}

export function chargeBoundary(state: State, record: BoundaryRecord): State {
  const { usage, unreported, model = usage === undefined ? undefined : state.model.name } = record;
  const told = model === undefined ? state : charge(state, { model, usage, unreported, kind: 'compaction' });
  return told.open === undefined ? told : { ...told, open: { ...without(told.open), last: record.at } };
}

/** A reservation that is still there when the next one comes, or when the next owner ends the turn, was a call that went down with its process. */
function chargeLost(state: State): State {
  const reservation = state.open?.reserved;
  return reservation === undefined ? state : charge(state, lost(reservation));
}

/** What is known to have been taken by a call of which nothing was seen: its request. */
export function lost({ model, input, price }: NonNullable<OpenTurn['reserved']>): Spent {
  return { model, unreported: unreported(input, 0, price) };
}

export function reserved(state: State, record: ReserveRecord): State {
  const { type: _type, at, turn, ...reservation } = record;
  if (state.open?.turn !== turn) return state;
  const told = chargeLost(state);
  return { ...told, open: { ...(told.open as OpenTurn), reserved: reservation, last: at } };
}

export function carriedOn(state: State, { at, turn }: CarryOnRecord): State {
  const { open } = state;
  if (open?.turn !== turn) return state;
  return { ...state, open: { ...open, ms: worked(open, open.last), since: at, last: at } };
}

export function spawned(state: State, { at, turn, session }: SpawnRecord): State {
  const { open } = state;
  if (open?.turn !== turn || Object.hasOwn(open.children, session)) return state;
  const children = { ...open.children, [session]: {} };
  return { ...state, open: { ...open, children, spawned: open.spawned + 1, last: at } };
}

export function childSpent(state: State, { at, turn, session, models, end }: SpentRecord): State {
  const { open } = state;
  if (open?.turn !== turn || !Object.hasOwn(open.children, session)) return state;
  if (end !== true) return { ...state, open: { ...open, children: { ...open.children, [session]: models }, last: at } };
  const { [session]: _ended, ...children } = open.children;
  const spent = addSpending(open.spent, spendingIn(models));
  const ledger = { ...state.ledger, below: addModels(state.ledger.below, models) };
  return { ...state, ledger, open: { ...open, children, spent, last: at } };
}

/** The open turn as its last word finds it: everything charged, the sub-sessions' part and the time in the ledger. */
export function chargeEnd(state: State, { at, status, spent }: TurnEndRecord): State {
  const interrupted = status === 'interrupted';
  const told = spent === undefined ? (interrupted ? chargeLost(state) : state) : charge(state, spent);
  const open = told.open as OpenTurn;
  const below = Object.values(open.children).reduce(addModels, told.ledger.below);
  // Who ends the turn of a dead process doesn't know when that died: not before its last record.
  const ms = told.ledger.ms + worked(open, interrupted ? open.last : at);
  return { ...told, ledger: { ...told.ledger, below, ms } };
}

/** A copy has a ledger of its own, and no part in what its parent's turn began. */
export function forked(state: State): State {
  if (state.open === undefined) return { ...state, ledger: EMPTY_LEDGER };
  const { reserved: _reserved, ...open } = state.open;
  return { ...state, ledger: EMPTY_LEDGER, open: { ...open, spent: NO_SPENDING, children: {}, spawned: 0 } };
}

/** Milliseconds that a turn worked until `at`, without those in which people were asked. A clock that was put back takes nothing away. */
export function worked({ ms, since, asking }: OpenTurn, at: string): number {
  if (asking === true) return ms;
  const more = Date.parse(at) - Date.parse(since);
  return more > 0 ? ms + more : ms;
}

/** What budgets count of the turn that runs. */
export function turnSpending({ open }: State): Spending {
  if (open === undefined) return NO_SPENDING;
  return Object.values(open.children).reduce((sum, models) => addSpending(sum, spendingIn(models)), open.spent);
}

/** What budgets count of the whole session. */
export function sessionSpending(state: State): Spending {
  return addSpending(spendingIn(state.ledger.models), spendingIn(belowOf(state)));
}

/** By all sub-sessions, those that run and those that have ended. */
export function belowOf({ ledger, open }: State): Ledger['below'] {
  return Object.values(open?.children ?? {}).reduce(addModels, ledger.below);
}

function without({ reserved: _reserved, ...open }: OpenTurn): OpenTurn {
  return open;
}
