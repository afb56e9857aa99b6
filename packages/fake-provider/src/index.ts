export { startFakeProvider } from './server.ts';
export type { FakeProvider, FakeProviderOptions } from './server.ts';
export { toReply } from './script.ts';
export type { Answer, Dialect, Ending, Fault, RecordedRequest, Reply, Scripted, WireEvent } from './script.ts';
export { encodeEvent } from './encode.ts';
export { anthropic } from './anthropic.ts';
export type { AnthropicBlock, AnthropicMessage, AnthropicUsage } from './anthropic.ts';
export { validateAnthropicRequest } from './validate-anthropic.ts';
export type { AnthropicRules, BrokenRule } from './validate-anthropic.ts';
