import type { FeedEvent } from '../contracts/feed.ts';
import type { At } from '../contracts/turn.ts';
import type { Rec } from '../records/types.ts';
import { stepMessage, userMessage } from '../state/transcript.ts';

/** The record ends the step in flight: its text is stored, or void. */
export function endsStep(record: Rec | undefined): boolean {
  return record?.type === 'step' || record?.type === 'attempt' || record?.type === 'turn-end';
}

/** A stored record as others see it, who then are at `at`; `undefined` for what means nothing to them. */
export function eventOf(record: Rec | undefined, at: At): FeedEvent | undefined {
  switch (record?.type) {
    case undefined:
    case 'checkpoint':
    case 'repair':
    case 'start':
    case 'verdict':
    case 'reserve':
    case 'carry-on':
    case 'spent':
      return undefined;
    case 'session': {
      const { at: time, model, tools, title, cwd, tags } = record;
      return { type: 'session', at, time, model: model.name, tools, ...known({ title, cwd, tags }) };
    }
    case 'message':
      return { type: 'message', at, message: userMessage(record), ...known({ turn: record.turn, key: record.key }) };
    case 'step':
      return { type: 'message', at, message: stepMessage(record, () => undefined), ...known({ turn: record.turn }) };
    case 'result': {
      const { at: time, turn, call, tool, result, error } = record;
      return { type: 'tool_result', at, time, turn, call, tool, result, ...known({ error }) };
    }
    case 'ask': {
      const { type: _type, at: time, ...facts } = record;
      return { type: 'approval', at, time, ...facts };
    }
    case 'answer': {
      const { at: time, ask: id, verdict, message, by } = record;
      return { type: 'answer', at, time, id, verdict, ...known({ message }), by };
    }
    case 'attempt': {
      const { code, waitMs, model } = record;
      return { type: 'reset', at, offset: 0, reason: 'retry', code, waitMs, ...known({ model: model?.name }) };
    }
    case 'spawn': {
      const { at: time, turn, call, session } = record;
      return { type: 'spawn', at, time, turn, call, session };
    }
    case 'turn-end': {
      const { type: _type, at: time, spent: _spent, ...facts } = record;
      return { type: 'turn_end', at, time, ...facts };
    }
    case 'edit': {
      const { at: time, message, content, important } = record;
      return { type: 'edit', at, time, message, ...known({ content, important }) };
    }
    case 'delete':
      return { type: 'delete', at, time: record.at, message: record.message };
    case 'boundary': {
      const { at: time, reason, from, summary } = record;
      return { type: 'boundary', at, time, reason, from, ...known({ summary }) };
    }
    case 'rewind': {
      const { at: time, message, from } = record;
      return { type: 'rewind', at, time, message, from };
    }
    case 'undo': {
      const { at: time, of, what, redo, message } = record;
      return { type: 'undo', at, time, of, what, ...known({ redo, message }) };
    }
    case 'change': {
      const { at: time, reason, model, tools, settings, title, cwd, tags } = record;
      return { type: 'change', at, time, reason, ...known({ model: model?.name, tools, settings, title, cwd, tags }) };
    }
    case 'fork':
      return { type: 'fork', at, time: record.at, parent: record.parent };
    case 'warning':
      return { type: 'warning', at, time: record.at, message: record.message };
    case 'file-lost':
      return { type: 'warning', at, time: record.at, message: record.reason };
    default:
      return record satisfies never;
  }
}

/** Without the fields that are absent. */
function known<T extends object>(facts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as never;
}
