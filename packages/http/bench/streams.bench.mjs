/**
 * What a turn's stream costs beside the least that streams the same chunks (lib/server.mjs): many sessions at once, as fast as it goes and paced as
 * a model is. Servers are processes of their own; both are read by the same client and take turns within one run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, row, start, stream } from './lib/client.mjs';
import { now } from './lib/model.mjs';

const SHORT = Boolean(process.env.BENCH_SHORT);
const [SESSIONS, CHUNKS, ROUNDS] = SHORT ? [10, 50, 1] : [50, 500, 15];
/** Rounds that don't count: a server runs for long, and by then its code is compiled. */
const WARM = SHORT ? 0 : 10;
/** Milliseconds between two chunks of a session. */
const PACE = 20;

/** Chunks a second over all sessions, and milliseconds from saying to hearing at the 95th percentile. */
async function measure(url, paths, pace) {
  const late = [];
  const began = now();
  await Promise.all(
    paths.map((path) =>
      stream(url, 'POST', path, { content: `chunks=${CHUNKS} pace=${pace}` }, ({ type, data }) => {
        if (type !== 'text') return;
        const heard = now();
        for (const said of data.content.split(' ')) if (said !== '') late.push(heard - Number(said));
      }),
    ),
  );
  const seconds = (now() - began) / 1000;
  if (late.length !== SESSIONS * CHUNKS) throw new Error(`${late.length} of ${SESSIONS * CHUNKS} chunks came`);
  late.sort((a, b) => a - b);
  return { rate: late.length / seconds, p95: late[Math.floor(late.length * 0.95)] };
}

export default async function streams() {
  const root = mkdtempSync(join(tmpdir(), 'reprise-http-bench-'));
  const floor = await start('floor');
  const server = await start('reprise', root);
  try {
    const heads = await Promise.all(
      Array.from({ length: SESSIONS }, () => call(server.url, 'POST', '/v1/sessions', {})),
    );
    const paths = heads.map(({ id }) => `/v1/sessions/${id}/messages`);
    const plain = paths.map(() => '/');
    const found = { floor: { full: [], paced: [] }, server: { full: [], paced: [] } };
    const turn = async (pace, kind) => {
      found.floor[kind].push(await measure(floor.url, plain, pace));
      found.server[kind].push(await measure(server.url, paths, pace));
    };
    for (let i = 0; i < WARM + ROUNDS; i += 1) await turn(0, 'full');
    for (const side of [found.floor, found.server]) side.full.splice(0, WARM);
    for (let i = 0; i < Math.ceil(ROUNDS / 5); i += 1) await turn(PACE, 'paced');
    const size = `${SESSIONS} sessions x ${CHUNKS} chunks`;
    return ['full', 'paced'].flatMap((kind) =>
      ['rate', 'p95'].flatMap((figure) => {
        const group = `${size}, ${kind === 'full' ? 'full speed' : `one each ${PACE} ms`}, ${figure === 'rate' ? 'rate' : 'p95 latency'}`;
        const unit = figure === 'rate' ? 'chunks/s' : 'ms';
        const samples = (side) => found[side][kind].map((result) => result[figure]);
        return [row(group, 'floor', unit, samples('floor'), true), row(group, 'server', unit, samples('server'))];
      }),
    );
  } finally {
    await Promise.all([floor.close(), server.close()]);
    rmSync(root, { recursive: true, force: true });
  }
}
