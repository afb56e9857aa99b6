import { makeFolder, statOf } from './files.ts';

/** A name that is free in the session's `damaged/`. */
export function aside(folder: string, name: string): string {
  makeFolder(`${folder}/damaged`);
  let path = `${folder}/damaged/${name}`;
  for (let again = 2; statOf(path) !== undefined; again += 1) path = `${folder}/damaged/${name}-${again}`;
  return path;
}
