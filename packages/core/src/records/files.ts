/** A file of a message, or of what a tool gave. Its bytes are among the store's blobs under their hash. */
export interface StoredFile {
  readonly sha256: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly name?: string;
  /** That it takes, about; measured once. */
  readonly tokens: number;
  /** Width and height of an image. */
  readonly pixels?: readonly [number, number];
  /** The bytes as base64, where the store keeps no blobs. */
  readonly data?: string;
}

/** The bytes of an attachment can't be read any more. From here on requests say so in its place. */
export interface FileLostRecord {
  readonly type: 'file-lost';
  readonly at: string;
  readonly sha256: string;
  readonly reason: string;
}
