import type { SessionsConfig } from '../contracts/config.ts';
import type { Access, Decision, PermissionRequest, Tool } from '../contracts/tool.ts';
import type { ToolCall } from '../contracts/turn.ts';
import type { RawCall } from '../model/accumulate.ts';
import type { ErrorCode } from '../errors.ts';
import { MOST_LEVELS, tooDeep } from '../records/json.ts';
import { mendedObject } from './mend.ts';
import type { Toolset } from './toolset.ts';

/** A call that may run. */
export interface Prepared {
  readonly kind: 'run';
  readonly call: ToolCall;
  readonly tool: Tool;
  readonly input: unknown;
  readonly access: Access;
}

/** A call that does not run, and what the model is told. */
export interface Refused {
  readonly kind: 'refused';
  readonly call: ToolCall;
  readonly code: ErrorCode;
  readonly error: string;
}

/** A call that may run if a person agrees. */
export interface Asking {
  readonly kind: 'ask';
  readonly prepared: Prepared;
  readonly request: PermissionRequest & { readonly reason?: string };
}

export interface PrepareFacts {
  readonly session: string;
  readonly cwd: string;
  readonly roots: readonly string[];
  readonly tools: Toolset;
  readonly isNamed: (tool: string) => boolean;
  /** Names on offer in this session. */
  readonly offered: readonly string[];
  readonly permissions: SessionsConfig['permissions'];
}

/** A call's arguments as an object (slips that leave no doubt are mended), or why they are none. Runs before the call is stored. */
export function parseCall(raw: RawCall): { readonly params: Record<string, unknown>; readonly problem?: string } {
  if (raw.input.trim() === '') return { params: {} };
  let value: unknown;
  try {
    value = JSON.parse(raw.input);
  } catch {
    value = mendedObject(raw.input);
    if (value === undefined)
      return { params: {}, problem: `The arguments are not valid JSON: ${raw.input.slice(0, 500)}` };
  }
  if (typeof value === 'string') value = mendedObject(value) ?? value;
  if (tooDeep(value)) return { params: {}, problem: `The arguments have more than ${MOST_LEVELS} levels.` };
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { params: value as Record<string, unknown> };
  return { params: {}, problem: `The arguments must be a JSON object, not ${raw.input.slice(0, 500)}` };
}

/** Phase one of a call: find the tool, validate the arguments, ask the policy. Nothing has an effect yet. */
export async function prepare(call: ToolCall, facts: PrepareFacts): Promise<Prepared | Refused | Asking> {
  const tool = facts.tools.find(call.tool);
  if (tool === undefined || !facts.offered.includes(tool.name)) {
    const names = facts.offered.join(', ') || 'none';
    return refused(call, 'TOOL_ERROR', `There is no tool ${call.tool}. The tools are: ${names}.`);
  }
  const checked = await facts.tools.check(tool, call.params);
  if (!checked.ok) return refused(call, 'TOOL_ERROR', `The arguments of ${tool.name} are wrong:\n${checked.problem}`);
  let access: Access = { effect: 'unknown', locks: ['*'] };
  const request = (): PermissionRequest => ({
    session: facts.session,
    call: call.id,
    tool: tool.name,
    named: facts.isNamed(tool.name),
    input: checked.value,
    access,
    cwd: facts.cwd,
    roots: facts.roots,
  });
  const decision = decisionOn(facts.permissions, () => {
    access = tool.access?.(checked.value, { cwd: facts.cwd }) ?? access;
    return request();
  });
  if (decision.verdict === 'deny') return refused(call, 'PERMISSION_DENIED', `Permission denied: ${decision.reason}`);
  const prepared: Prepared = { kind: 'run', call, tool, input: checked.value, access };
  if (decision.verdict === 'allow') return prepared;
  const { reason } = decision;
  return { kind: 'ask', prepared, request: { ...request(), ...(reason !== undefined && { reason }) } };
}

/** What the policy says. One that fails, or a tool that can't say what it touches, allows nothing. */
export function decisionOn(permissions: SessionsConfig['permissions'], request: () => PermissionRequest): Decision {
  try {
    const asked = request();
    const decision: Decision | undefined = permissions === undefined ? { verdict: 'allow' } : permissions.decide(asked);
    if (typeof decision?.verdict !== 'string') throw new Error('it gave no verdict');
    return decision;
  } catch (error) {
    return { verdict: 'deny', reason: `the policy failed: ${String(error)}` };
  }
}

function refused(call: ToolCall, code: ErrorCode, error: string): Refused {
  return { kind: 'refused', call, code, error };
}
