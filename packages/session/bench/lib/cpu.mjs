/** Processor time of this process in microseconds: unlike the clock it doesn't see what else the machine does. */
const spent = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** What each of these takes of the processor for one of the `units` of a run, without what it prepares. They take turns. */
export async function compare(contestants, { rounds: most, units }) {
  const [warmUp, rounds] = process.env.BENCH_SHORT ? [0, 1] : [5, most];
  const costs = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [name, { prepare, run }] of Object.entries(contestants)) {
      const given = await prepare();
      globalThis.gc?.();
      const start = spent();
      await run(given);
      if (round >= 0) costs[name].push((spent() - start) / units);
    }
  }
  return costs;
}

/** Rows of one group from costs by name; the first one is what the others are divided by. */
export function rowsOf(group, unit, costs) {
  return Object.entries(costs).map(([name, list], i) => {
    const sorted = [...list].sort((a, b) => a - b);
    const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)];
    return { group, name, unit, median, min, max, ...(i === 0 && { baseline: true }) };
  });
}
