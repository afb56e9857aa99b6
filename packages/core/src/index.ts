export { SESSION_ID } from './contracts/storage.ts';
export type {
  Damage,
  InboxEntry,
  Lease,
  Owner,
  Page,
  Piece,
  Query,
  Range,
  SessionHead,
  SessionState,
  SessionStorage,
  StorageFactory,
  StoredRecord,
} from './contracts/storage.ts';
export type { Capabilities, Effort, ModelFailure, ModelInfo, ModelResolver, ResolvedModel } from './contracts/model.ts';
export type { AskAnswer, Asked, OnAsk, PendingAsk, ToolQuestion, Verdict } from './contracts/ask.ts';
export type { CallFacts, Hooks, RecordFacts, RequestAdditions, RequestFacts, ResultFacts } from './contracts/hooks.ts';
export { defineTool } from './contracts/tool.ts';
export type {
  Access,
  Answer,
  AskRequest,
  Asker,
  Decision,
  PermissionPolicy,
  PermissionRequest,
  SubTask,
  Tool,
  ToolContent,
  ToolContext,
} from './contracts/tool.ts';
export type { Budget, Limits, SessionUsage, UsageByModel, UsageTotals } from './contracts/usage.ts';
export type { PromptBlock, PromptFacts, PromptSource } from './contracts/prompt.ts';
export type { FeedEvent, FeedEventOf, FeedEvents, FollowOptions } from './contracts/feed.ts';
export type {
  At,
  Attachment,
  Chunk,
  ChunkOf,
  Chunks,
  FinishReason,
  Message,
  MessageStream,
  Outcome,
  ToolCall,
  ToolResult,
  Turn,
  TurnEvents,
  TurnUsage,
} from './contracts/turn.ts';
export type { SessionTree, TreeNode, TreeOptions } from './contracts/tree.ts';
export type {
  ConversationChange,
  Expected,
  ExportedFile,
  ExportedSession,
  MessagePage,
  MessageQuery,
  Undone,
} from './contracts/history.ts';
export type { RetryPolicy, SessionsConfig, SpawnLimits } from './contracts/config.ts';
export type { Clock } from './contracts/clock.ts';
export type {
  AttachmentInput,
  ForkOptions,
  ImportOptions,
  Making,
  CustomTool,
  MessageInput,
  PruneStrategy,
  Session,
  SessionEvents,
  SessionOptions,
  Sessions,
  TurnOptions,
} from './contracts/session.ts';
export { ERROR_CODES, RepriseError, isCoded, toCoded } from './errors.ts';
export type { Coded, ErrorCode, ErrorFacts } from './errors.ts';
export { memoryStorage } from './storage/memory.ts';
export {
  assertHead,
  assertInboxEntry,
  assertRecordText,
  assertSessionId,
  assertThrough,
  boundsOf,
  PAGE_BYTES,
} from './storage/checks.ts';
export type { Bounds } from './storage/checks.ts';
export { assertQuery, pageFrom, pageOfHeads, planQuery, type QueryPlan } from './storage/query.ts';
export { systemClock } from './session/clock.ts';
export { createSessions } from './session/sessions.ts';
export { checkMessage } from './session/said.ts';
export { readSessions } from './session/read.ts';
export type { SessionReader } from './session/read.ts';
export { foldHead } from './state/fold-head.ts';
export { estimateTokens } from './context/estimate.ts';
export { classify } from './model/classify.ts';
