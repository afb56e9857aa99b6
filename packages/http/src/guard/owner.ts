import { RepriseError, isCoded } from '@reprise/core';
import type { Query, SessionHead, Sessions } from '@reprise/core';

const PREFIX = 'owner:';

/** Marks the sessions of the tokens with this name. */
export function ownerTag(name: string): string {
  return `${PREFIX}${name}`;
}

export function isOwnerTag(tag: string): boolean {
  return tag.startsWith(PREFIX);
}

/**
 * Tags as an owner may set them: whom a session belongs to stays as it is. PERMISSION_DENIED for one who would give it to somebody else.
 */
export function ownersKept(wanted: readonly string[], now: readonly string[] = []): string[] {
  const owners = now.filter(isOwnerTag);
  const foreign = wanted.find((tag) => isOwnerTag(tag) && !owners.includes(tag));
  if (foreign !== undefined) {
    throw new RepriseError('PERMISSION_DENIED', `This token can't set the tag ${JSON.stringify(foreign)}.`, {
      hint: 'Ask somebody whose token reaches all sessions.',
    });
  }
  return [...new Set([...wanted, ...owners])];
}

/** Answers as for a session that does not exist where it is somebody else's. */
export async function assertOwn(sessions: Pick<Sessions, 'info'>, id: string, owner: string): Promise<void> {
  if (await isOwn(sessions, id, owner)) return;
  throw new RepriseError('SESSION_NOT_FOUND', `There is no session ${id}.`, { hint: 'GET /v1/sessions lists them.' });
}

/** A sub-session belongs to whom the one above it does. */
export async function isOwn(sessions: Pick<Sessions, 'info'>, id: string, owner: string): Promise<boolean> {
  const seen = new Set<string>();
  for (let at: string | undefined = id; at !== undefined && !seen.has(at);) {
    seen.add(at);
    const head: SessionHead | undefined = await infoOf(sessions, at);
    if (head?.tags?.includes(owner)) return true;
    at = head?.parent?.kind === 'spawn' ? head.parent.id : undefined;
  }
  return false;
}

async function infoOf(sessions: Pick<Sessions, 'info'>, id: string): Promise<SessionHead | undefined> {
  try {
    return await sessions.info(id);
  } catch (error) {
    if (isCoded(error) && error.code === 'SESSION_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A query that finds the owner's sessions only. */
export function ownQuery(query: Query, owner: string): Query {
  const { tag = [] } = query.where ?? {};
  return { ...query, where: { ...query.where, tag: [tag, owner].flat() } };
}

/** An id that is taken would tell of a session that is not there for who asks. */
export function idRefused(): RepriseError {
  return new RepriseError('PERMISSION_DENIED', 'This token can’t choose the ids of sessions.', {
    hint: 'Leave `newSessionId` out.',
  });
}
