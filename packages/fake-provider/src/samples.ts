/** A PNG as far as its header, with so many bytes more. What looks at no pixel takes it for one. */
export function samplePng(width = 4, height = 4, more = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(33 + more);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

/** A PDF as far as its first line and its pages. */
export function samplePdf(pages = 1): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`%PDF-1.7\n${'<< /Type /Page >>\n'.repeat(pages)}%%EOF`);
}
