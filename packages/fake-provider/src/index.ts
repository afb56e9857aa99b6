export { startFakeProvider } from './server.ts';
export type { FakeProvider, FakeProviderOptions } from './server.ts';
export { toReply } from './script.ts';
export type {
  Answer,
  Dialect,
  Endpoint,
  Ending,
  Fault,
  RecordedRequest,
  Reply,
  Scripted,
  WireEvent,
} from './script.ts';
export { modelList, tokenCount } from './lists.ts';
export { encodeEvent } from './encode.ts';
export { anthropic } from './anthropic.ts';
export type { AnthropicBlock, AnthropicMessage, AnthropicUsage } from './anthropic.ts';
export { validateAnthropicRequest } from './validate-anthropic.ts';
export type { AnthropicRules } from './validate-anthropic.ts';
export { validateResponsesRequest } from './validate-responses.ts';
export { validateChatRequest } from './validate-chat.ts';
export { validateGoogleRequest } from './validate-google.ts';
export { validateRequest } from './validate.ts';
export type { BrokenRule } from './rules.ts';
export { openaiResponses } from './openai-responses.ts';
export type { ResponsesMessage, ResponsesReasoning } from './openai-responses.ts';
export { openaiChat } from './openai-chat.ts';
export type { ChatMessage } from './openai-chat.ts';
export { google } from './google.ts';
export type { GoogleMessage } from './google.ts';
export { samplePdf, samplePng } from './samples.ts';
export { scriptedModel, toolCall } from './scripted-model.ts';
export type { Script, ScriptedModel } from './scripted-model.ts';
