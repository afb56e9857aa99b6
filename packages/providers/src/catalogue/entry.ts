/** What the catalogue knows of one model. Absent fields take the provider's defaults. */
export interface CatalogueEntry {
  /** Tokens, input and output together. */
  readonly window: number;
  /** Tokens of one response. */
  readonly output: number;
  /** USD per million tokens: input, output, cache read, cache write. The lowest tier where a price depends on length. */
  readonly price?: readonly [input: number, output: number, cacheRead?: number, cacheWrite?: number];
  /** False where sampling settings are refused. */
  readonly temperature?: boolean;
  readonly tools?: boolean;
  readonly parallelTools?: boolean;
  readonly input?: readonly ('image' | 'pdf' | 'audio')[];
  /** Reasoning efforts, weakest first. */
  readonly effort?: readonly string[];
  /** See `Capabilities.prefixBoundReasoning`. */
  readonly prefixBound?: boolean;
}

/** Models of one provider, by the provider's own ids. */
export type ProviderCatalogue = Readonly<Record<string, CatalogueEntry>>;
