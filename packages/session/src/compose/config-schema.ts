import { z } from 'zod';

const usd = z.number().nonnegative();

/** What one knows better of a model than the catalogue: each field stands for one of the built-in entry. */
const entry = z.strictObject({
  /** Tokens, input and output together. */
  window: z.int().positive().exactOptional(),
  /** Tokens of one response. */
  output: z.int().positive().exactOptional(),
  /** USD per million tokens: input, output, cache read, cache write. */
  price: z.union([z.tuple([usd, usd]), z.tuple([usd, usd, usd]), z.tuple([usd, usd, usd, usd])]).exactOptional(),
  temperature: z.boolean().exactOptional(),
  tools: z.boolean().exactOptional(),
  parallelTools: z.boolean().exactOptional(),
  input: z.array(z.enum(['image', 'pdf', 'audio'])).exactOptional(),
  effort: z.array(z.string().min(1)).exactOptional(),
});

/** As in the library's options; at least one limit, so that a slip is no budget without any. */
const limits = z
  .strictObject({
    maxSteps: z.int().positive().exactOptional(),
    maxTokens: z.int().positive().exactOptional(),
    /** USD. */
    maxCost: z.number().positive().exactOptional(),
    /** Milliseconds. */
    maxDuration: z.int().positive().exactOptional(),
  })
  .refine((given) => Object.keys(given).length > 0, 'must name a limit');

const schema = z.strictObject({
  /** `provider/model` or an alias. */
  model: z.string().min(1).exactOptional(),
  permission: z.enum(['ask', 'accept-edits', 'auto', 'deny']).exactOptional(),
  /** Tokens. */
  contextWindow: z.int().positive().exactOptional(),
  /** Of new sessions: what each turn, and all of them together, may take. */
  budget: z.strictObject({ turn: limits.exactOptional(), session: limits.exactOptional() }).exactOptional(),
  /** Short names of one's own. */
  aliases: z.record(z.string().min(1), z.string().min(1)).exactOptional(),
  /** By provider name. Keys belong in the environment; `apiKey` is taken for those who keep this file 0600. */
  providers: z
    .record(
      z.string().min(1),
      z.strictObject({
        apiKey: z.string().min(1).exactOptional(),
        baseURL: z.url().exactOptional(),
        headers: z.record(z.string(), z.string()).exactOptional(),
      }),
    )
    .exactOptional(),
  /** By `provider/model`: limits, abilities and prices, also of models that the catalogue doesn't know. */
  catalogue: z.record(z.string().regex(/^[^/]+\/.+$/, 'must be provider/model'), entry).exactOptional(),
  /** A retired name is an error instead of its successor. */
  strictModels: z.boolean().exactOptional(),
  /** A storage module: a path from this file's folder, or a package that is installed there. */
  storage: z.string().min(1).exactOptional(),
  /** What its default export is called with. */
  storageOptions: z.record(z.string(), z.unknown()).exactOptional(),
});

export type Config = z.infer<typeof schema>;

/** Throws an Error whose message names the place of each fault. */
export function parseConfig(text: string): Config {
  const result = schema.safeParse(JSON.parse(text.replace(/^\ufeff/, '')));
  if (result.success) return result.data;
  throw new Error(
    result.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`).join('; '),
  );
}
