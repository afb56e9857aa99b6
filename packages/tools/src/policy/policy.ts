import type { Decision, PermissionPolicy, PermissionRequest } from '@reprise/core';
import { defaultPlaces, defaultSpillDir } from '../options.ts';
import type { ToolsOptions } from '../options.ts';
import { isInside, isProtected, mentionsProtected } from './protected.ts';
import type { Places } from './protected.ts';

/**
 * - `ask`: reading inside the workspace runs, the rest asks.
 * - `accept-edits`: reading and writing inside the workspace run, the rest asks.
 * - `auto`: runs without a person; paths outside the workspace are denied, protected files still ask.
 * - `deny`: reading with the file tools runs, everything else is denied.
 */
export type PermissionMode = 'ask' | 'accept-edits' | 'auto' | 'deny';

/** All of these must be those of the tools that the policy judges. */
export type PolicyPlaces = Pick<ToolsOptions, 'spillDir' | 'environment' | 'home' | 'repriseHome'>;

export interface PolicyOptions extends PolicyPlaces {
  readonly mode: PermissionMode;
}

export interface LibraryPolicyOptions extends PolicyPlaces {
  /** Whether the program itself named or registered the tool of this call. Pure. Default: what the request says. */
  readonly named?: (request: PermissionRequest) => boolean;
}

const ALLOW: Decision = { verdict: 'allow' };

/** The policy of a program with a person before it, or with nobody. Judges by names only: `run` holds links to the roots. */
export function permissionPolicy(options: PolicyOptions): PermissionPolicy {
  const judge = judgeFor(options);
  return { decide: (request) => byMode(options.mode, request, judge(request)) };
}

/**
 * The library's policy: a tool that the program itself names or registers is allowed inside the workspace; protected
 * files and paths outside still ask. Any other tool is judged as in the mode `ask`.
 */
export function libraryPolicy(options: LibraryPolicyOptions = {}): PermissionPolicy {
  const judge = judgeFor(options);
  const named = options.named ?? ((request) => request.named);
  return {
    decide(request) {
      const risk = judge(request);
      if (!named(request)) return byMode('ask', request, risk);
      return risk === undefined ? ALLOW : { verdict: 'ask', reason: risk.reason };
    },
  };
}

interface Risk {
  readonly kind: 'outside' | 'protected';
  readonly reason: string;
}

function byMode(mode: PermissionMode, request: PermissionRequest, risk: Risk | undefined): Decision {
  const { effect, command, paths } = request.access;
  const reads = effect === 'none' || effect === 'read';
  const safe = risk === undefined;
  switch (mode) {
    case 'ask':
      return reads && safe ? ALLOW : { verdict: 'ask', reason: risk?.reason ?? effectReason(request) };
    case 'accept-edits': {
      const edits = effect === 'write' && paths !== undefined;
      return (reads || edits) && safe ? ALLOW : { verdict: 'ask', reason: risk?.reason ?? effectReason(request) };
    }
    case 'auto':
      if (risk?.kind === 'outside') return { verdict: 'deny', reason: risk.reason };
      return safe ? ALLOW : { verdict: 'ask', reason: risk.reason };
    case 'deny':
      if (reads && safe && command === undefined) return ALLOW;
      return { verdict: 'deny', reason: risk?.reason ?? `${effectReason(request)} Only reading is allowed.` };
  }
}

function judgeFor(options: PolicyPlaces): (request: PermissionRequest) => Risk | undefined {
  const places = defaultPlaces(options);
  const spillDir = options.spillDir ?? defaultSpillDir();
  return (request) => outside(request, spillDir) ?? protectedFile(request, places);
}

function outside(request: PermissionRequest, spillDir: string): Risk | undefined {
  const { effect, paths = [] } = request.access;
  const roots = effect === 'read' ? [...request.roots, spillDir] : request.roots;
  const path = paths.find((one) => !roots.some((root) => isInside(one, root)));
  return path === undefined ? undefined : { kind: 'outside', reason: `${path} is outside the workspace.` };
}

function protectedFile(request: PermissionRequest, places: Places): Risk | undefined {
  const { effect, command, paths = [] } = request.access;
  const path =
    paths.find((one) => isProtected(one, places)) ??
    (command !== undefined && effect !== 'read' ? mentionsProtected(command, request.cwd, places) : undefined);
  return path === undefined ? undefined : { kind: 'protected', reason: `${path} is a protected file.` };
}

function effectReason({ tool, access: { effect } }: PermissionRequest): string {
  if (effect === 'write') return `${tool} changes files.`;
  if (effect === 'execute') return `${tool} runs a command that may change anything.`;
  if (effect === 'network') return `${tool} uses the network.`;
  return `${tool} doesn't say what it does.`;
}
