import type { SessionHead } from '../contracts/storage.ts';
import type { State } from './state.ts';

/** The summary that a store keeps and lists. */
export function headOf(id: string, state: State): SessionHead {
  return {
    id,
    model: state.model.name,
    createdAt: state.createdAt,
    lastMessage: state.lastMessage,
    messageCount: state.messageCount,
    tokenUsage: state.usage,
    tools: [...state.tools],
    status: state.open !== undefined ? 'active' : state.failed ? 'error' : 'idle',
    seq: state.seq,
    checkpoint: state.checkpoint,
    ...(state.title !== undefined && { title: state.title }),
    ...(state.cwd !== undefined && { cwd: state.cwd }),
    ...(state.tags !== undefined && { tags: state.tags }),
    ...(state.parent !== undefined && { parent: state.parent }),
  };
}
