import { z } from 'zod';

/** A message, a model's answer, or an edit of one: what people wrote and read. */
const Spoken = z.object({ type: z.enum(['message', 'step', 'edit']), content: z.string() });
/** All of them hold these bytes; most other records need no parsing. */
const HAS_CONTENT = '"content":"';

/** The text of the message in a record; `undefined` where it holds none. */
export function textIn(json: string): string | undefined {
  if (!json.includes(HAS_CONTENT)) return undefined;
  try {
    return Spoken.safeParse(JSON.parse(json)).data?.content;
  } catch {
    return undefined;
  }
}
