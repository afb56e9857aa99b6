import { expect } from 'vitest';
import { turnEvent } from '../../src/schemas/events.ts';

export interface Told {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: any;
}

/** The events of an answer, as a browser's EventSource would read them. */
export async function* eventsOf(response: Response): AsyncGenerator<Told> {
  if (response.body === null) return;
  let left = '';
  const decoder = new TextDecoder();
  for await (const bytes of response.body) {
    left += decoder.decode(bytes, { stream: true });
    const blocks = left.split('\n\n');
    left = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').flatMap((line): [string, string][] => {
          const colon = line.indexOf(': ');
          return colon <= 0 ? [] : [[line.slice(0, colon), line.slice(colon + 2)]];
        }),
      );
      const event = fields.get('event');
      if (event !== undefined) yield { id: fields.get('id'), event, data: JSON.parse(fields.get('data') ?? 'null') };
    }
  }
}

/** All of them up to the one that is enough; the connection is then dropped. */
export async function read(response: Response, enough: (told: Told) => boolean = () => false): Promise<Told[]> {
  const told: Told[] = [];
  for await (const event of eventsOf(response)) {
    if (event.event !== 'error') expect(turnEvent.parse(event.data)).toEqual(event.data);
    told.push(event);
    if (enough(event)) break;
  }
  return told;
}
