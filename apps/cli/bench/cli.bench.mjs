/**
 * What the built program costs from its start to its end, beside bare Node and beside the SDK floor (floor.mjs). All take turns within
 * one run, so that a slow moment of the machine hits all of them. Programs have warm compile caches, as they do from their second run on.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import { build } from 'tsup';

const [WARM_UPS, ROUNDS] = process.env.BENCH_SHORT ? [0, 1] : [2, 15];
const app = join(import.meta.dirname, '..');
const reprise = join(app, 'bin/reprise.mjs');

/** The floor as a bundle; where it stands, `import` finds nothing but itself. */
async function bundleFloor(folder) {
  await build({
    entry: [join(import.meta.dirname, 'floor.mjs')],
    outDir: folder,
    config: false,
    silent: true,
    format: ['esm'],
    target: 'node24',
    platform: 'node',
    outExtension: () => ({ js: '.mjs' }),
    minifySyntax: true,
    minifyWhitespace: true,
    noExternal: [/.*/],
  });
}

/** Milliseconds from the start of a Node process to its end. */
function time(args, { env, cwd }) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stdout.resume();
    child.stderr.on('data', (bytes) => (said += bytes));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(performance.now() - began) : reject(new Error(`${args.join(' ')}: exit ${code}\n${said}`)),
    );
  });
}

function row(group, name, samples, baseline) {
  const sorted = samples.toSorted((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)];
  return { group, name, unit: 'ms', median, min, max, ...(baseline && { baseline }) };
}

export default async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-cli-bench-'));
  const fake = await startFakeProvider();
  try {
    const cwd = join(folder, 'work');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'a.txt'), 'alpha\n');
    await bundleFloor(join(folder, 'floor'));
    const cached = join(folder, 'cached.mjs');
    writeFileSync(
      cached,
      `process.getBuiltinModule('node:module').enableCompileCache(${JSON.stringify(join(folder, 'cache'))});\nawait import('./floor/floor.mjs');\n`,
    );
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      REPRISE_HOME: join(folder, 'home'),
      ANTHROPIC_BASE_URL: fake.url,
      ANTHROPIC_API_KEY: 'test',
    };
    const run = [reprise, 'run', '--model', 'anthropic/claude-sonnet-4-5'];
    const bare = [cached, join(folder, 'log.jsonl'), fake.url];
    const answer = anthropic.message({ text: 'The answer is a sentence of a usual length, in several deltas.' });
    const call = anthropic.message({ toolCalls: [{ name: 'read', input: { path: 'a.txt' } }] });
    const contestants = [
      ['start-up', 'node -e 0', ['-e', '0'], [], true],
      ['start-up', 'reprise --version', [reprise, '--version'], []],
      ['start-up', 'reprise --help', [reprise, '--help'], []],
      ['start-up', 'reprise session list', [reprise, 'session', 'list'], []],
      ['one-shot turn', 'SDK floor', [...bare, 'hi'], [answer], true],
      ['one-shot turn', 'reprise run', [...run, 'hi'], [answer]],
      ['turn with a tool step', 'SDK floor', [...bare, 'read a.txt'], [call, answer], true],
      ['turn with a tool step', 'reprise run', [...run, 'read a.txt'], [call, answer]],
    ].map(([group, name, args, script, baseline]) => ({ group, name, args, script, baseline, samples: [] }));

    for (let round = -WARM_UPS; round < ROUNDS; round += 1) {
      for (const { args, script, samples } of contestants) {
        fake.script('anthropic', ...script);
        const took = await time(args, { env, cwd });
        if (round >= 0) samples.push(took);
      }
    }
    return contestants.map(({ group, name, samples, baseline }) => row(group, name, samples, baseline));
  } finally {
    await fake.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
