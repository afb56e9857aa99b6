export { Session } from './session.ts';
export { createDefaultSessions } from './defaults.ts';
export { PromptTemplate } from '@reprise/prompts';
export { RepriseError, isCoded } from '@reprise/core';
export type {
  Chunk,
  Coded,
  CustomTool,
  ErrorCode,
  ExportedSession,
  Message,
  MessageStream,
  Outcome,
  SessionHead,
  SessionOptions,
  SessionState,
  Sessions,
  Turn,
} from '@reprise/core';
