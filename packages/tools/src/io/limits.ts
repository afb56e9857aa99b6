/** What one result may put before the model. */
export const MAX_LINES = 2_000;
/** Bytes of UTF-8; with the marker and the notes a result stays under 50 KiB. */
export const MAX_BYTES = 50_000;
/** Characters of one line that are shown. */
export const MAX_LINE = 2_000;
