import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';

/** A PNG as far as its header, with so many bytes more. */
export function png(width = 4, height = 4, more = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(33 + more);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  // Two files that differ should not be one.
  view.setUint32(24, width * 7 + more);
  return bytes;
}

export function pdf(pages = 1): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`%PDF-1.7\n${'<< /Type /Page >>\n'.repeat(pages)}%%EOF`);
}

/** What a request shows of files, in order: media types of parts, and words that stand for a file. */
export function filesIn({ prompt }: Pick<LanguageModelV4CallOptions, 'prompt'>): string[] {
  const words = (text: string): string[] => text.match(/\((?:An|The) attached file[^)]*\)|<file[^]*<\/file>/g) ?? [];
  return prompt.flatMap((message) => {
    if (message.role === 'system') return [];
    return message.content.flatMap((part): string[] => {
      if (part.type === 'file') return [part.mediaType];
      if (part.type === 'text') return words(part.text);
      if (part.type !== 'tool-result') return [];
      const { output } = part;
      if (output.type === 'text') return words(output.value);
      if (output.type !== 'content') return [];
      return output.value.flatMap((item) =>
        item.type === 'file' ? [item.mediaType] : item.type === 'text' ? words(item.text) : [],
      );
    });
  });
}
