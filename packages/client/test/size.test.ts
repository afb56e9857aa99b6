import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Bytes, gzipped. */
const MOST = 30_000;

test('a web page gets less than 30 kB, with everything in it and nothing of Node', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: "export * from './src/index.ts'", resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@reprise/source'],
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  expect(code.length).toBeGreaterThan(5000);
  expect(gzipSync(code).length).toBeLessThan(MOST);
  const inside = Object.keys(metafile.inputs).join('\n');
  expect(inside).not.toMatch(/zod|node:|state\/reduce|ai-sdk/);
});
