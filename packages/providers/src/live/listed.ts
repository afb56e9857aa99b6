import { RepriseError } from '@reprise/core';

/** One model as its provider lists it. */
export interface Listed {
  /** As a name has it behind the slash. */
  readonly id: string;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
}

/** So many models of one provider are taken; OpenRouter, the longest list known, has some hundreds. */
const MOST = 5_000;

/** The usable entries of a list that came from outside: `read` turns one into a row or leaves it out. */
export async function collect(
  entries: AsyncIterable<unknown> | Iterable<unknown>,
  read: (entry: Readonly<Record<string, unknown>>) => Listed | undefined,
  most = MOST,
): Promise<Listed[]> {
  const found = new Map<string, Listed>();
  for await (const entry of entries) {
    if (typeof entry !== 'object' || entry === null) continue;
    const listed = read(entry as Record<string, unknown>);
    if (listed) found.set(listed.id, listed);
    if (found.size >= most) break;
  }
  return [...found.values()];
}

/** A row of what an entry says; undefined where the id is none that could be shown or typed. */
export function listed(id: unknown, contextWindow: unknown, maxOutputTokens: unknown): Listed | undefined {
  if (typeof id !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(id)) return undefined;
  return {
    id,
    ...(isCount(contextWindow) && { contextWindow }),
    ...(isCount(maxOutputTokens) && { maxOutputTokens }),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

export function noList(id: string): RepriseError {
  return new RepriseError('PROVIDER', `${id} answered with something that is no model list.`, {
    hint: 'Is its base URL complete (most end in /v1)?',
  });
}
