import type { LanguageModelV4ToolApprovalResponsePart } from '@ai-sdk/provider';
import type { Ruling } from '../state/verdicts.ts';
import type { AssistantContent } from './compile-step.ts';

/** The verdicts on calls that go out with `content` and have no result in it: request and verdict travel together or not at all. */
export function verdictsFor(content: AssistantContent, verdicts: readonly Ruling[]): Ruling[] {
  if (verdicts.length === 0) return [];
  const has = (type: AssistantContent[number]['type'], id: string): boolean =>
    content.some((part) => part.type === type && 'toolCallId' in part && part.toolCallId === id);
  return verdicts.filter(({ call }) => has('tool-call', call) && !has('tool-result', call));
}

export function approvalResponse({ request, approved, reason }: Ruling): LanguageModelV4ToolApprovalResponsePart {
  return {
    type: 'tool-approval-response',
    approvalId: request,
    approved,
    ...(reason !== undefined && { reason }),
  };
}
