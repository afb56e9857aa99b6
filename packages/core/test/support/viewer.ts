import { expect } from 'vitest';
import type { FeedEvent } from '../../src/contracts/feed.ts';
import type { At } from '../../src/contracts/turn.ts';
import type { Sessions } from '../../src/contracts/session.ts';

const LIVE = new Set(['text', 'reasoning', 'tool_progress', 'approval']);

/** Somebody who follows a session and keeps what they see, over any number of connections. */
export class Viewer {
  at: At = { seq: 0, attempt: 1, offset: 0 };
  /** Each stored event once, without its place in the step. */
  readonly stored: unknown[] = [];
  readonly seen: FeedEvent[] = [];
  text = '';
  reasoning = '';

  see(event: FeedEvent): void {
    const { seq } = event.at;
    this.seen.push(event);
    if (event.type === 'text') this.text += event.content;
    else if (event.type === 'reasoning') this.reasoning += event.content;
    else if (event.type === 'reset') {
      this.text = this.text.slice(0, event.offset);
      this.reasoning = this.reasoning.slice(0, event.at.reasoning ?? 0);
    } else if (event.type === 'message' && event.message.role === 'assistant') {
      if (this.text !== '') expect(event.message.content, 'the stored text is what was shown').toBe(this.text);
      this.text = this.reasoning = '';
    } else if (event.type === 'turn_end') expect(this.text, 'nothing that was shown is left over').toBe('');
    if (LIVE.has(event.type)) expect(seq).toBe(this.at.seq);
    else if (event.type !== 'reset') {
      expect(seq, 'no record comes twice').toBeGreaterThan(this.at.seq);
      this.stored.push({ ...event, at: seq });
    }
    if (event.type !== 'tool_progress' && event.type !== 'approval') {
      expect([event.at.offset, event.at.reasoning ?? 0]).toEqual([this.text.length, this.reasoning.length]);
      this.at = event.at;
    }
  }

  /** Follows until `enough`, from where this viewer is. */
  async follow(sessions: Sessions, id: string, enough: (event: FeedEvent, viewer: Viewer) => boolean): Promise<void> {
    const stop = new AbortController();
    for await (const event of sessions.follow(id, { after: this.at, signal: stop.signal })) {
      this.see(event);
      if (enough(event, this)) stop.abort();
    }
  }
}

export const turnEnd = (event: FeedEvent): boolean => event.type === 'turn_end';

/** What somebody sees who comes when all is over. */
export async function replay(sessions: Sessions, id: string): Promise<unknown[]> {
  const viewer = new Viewer();
  const { seq } = await sessions.info(id);
  const all = sessions.follow(id)[Symbol.asyncIterator]();
  for (let last = 0; last < seq; last = viewer.at.seq) {
    const { value } = await all.next();
    viewer.see(value as FeedEvent);
    if (viewer.seen.length > 1000) break;
  }
  await all.return?.();
  return viewer.stored;
}
