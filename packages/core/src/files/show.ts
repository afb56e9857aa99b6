import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from '@ai-sdk/provider';
import type { StoredFile } from '../records/types.ts';
import type { FileChoice } from './choose.ts';
import { kindOf } from './kind.ts';
import { sizeText } from './limits.ts';

/** Bytes of files in the form in which they are sent: base64, or the text of a text file; by `fileKey`. */
export type LoadedFiles = ReadonlyMap<string, string>;

export function fileKey({ mediaType, sha256 }: Pick<StoredFile, 'mediaType' | 'sha256'>): string {
  return `${kindOf(mediaType) === 'text' ? 'text' : 'bytes'}:${sha256}`;
}

export type FileParts = readonly (LanguageModelV4TextPart | LanguageModelV4FilePart)[];

/** Files as a model is shown them; what can't be shown becomes words. */
export function fileParts(
  files: readonly StoredFile[] | undefined,
  choice: FileChoice,
  loaded: LoadedFiles | undefined,
): FileParts {
  return (files ?? []).flatMap((file): FileParts => {
    const why = choice.left.get(file);
    const body = loaded?.get(fileKey(file));
    if (why !== undefined || body === undefined) return [{ type: 'text', text: placeholder(file, why) }];
    const { name, mediaType } = file;
    if (kindOf(mediaType) === 'text')
      return [
        { type: 'text', text: `<file${name === undefined ? '' : ` name=${JSON.stringify(name)}`}>\n${body}\n</file>` },
      ];
    const part: LanguageModelV4FilePart = {
      type: 'file',
      mediaType,
      data: { type: 'data', data: body },
      ...(name !== undefined && { filename: name }),
    };
    // Of an image providers don't take the name.
    return name === undefined ? [part] : [{ type: 'text', text: `${JSON.stringify(name)}:` }, part];
  });
}

function placeholder({ name, mediaType, size }: StoredFile, why = 'it is left out here'): string {
  const which = name === undefined ? 'An attached file' : `The attached file ${JSON.stringify(name)}`;
  return `(${which}, ${mediaType}, ${sizeText(size)}, is not shown: ${why}.)`;
}
