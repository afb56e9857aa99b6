import type { Limits, SessionUsage, UsageByModel, UsageTotals } from '@reprise/core';
import { EXIT } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import { withReader } from '../../sessions.ts';
import type { READ } from '../options.ts';

export const usage: Handler<typeof READ> = async ({ options, operands: [id = ''] }, io) => {
  const told = await withReader(io, options, (sessions) => sessions.usage(id));
  if (options.json) io.out.json(told);
  else io.out.write(table(told));
  return EXIT.ok;
};

const HEADER = ['', 'CALLS', 'RETRIES', 'INPUT', 'CACHED', 'WRITTEN', 'OUTPUT', 'REASONING', 'TOTAL', 'USD'];

/** A line for each model and one for all; those with sub-sessions where there are any. */
function table({ id, own, all, root, budget, duration }: SessionUsage): string {
  const groups: [string, UsageByModel][] = [[`session ${id}`, own]];
  if (all.total.calls !== own.total.calls) groups.push(['with its sub-sessions', all]);
  if (root.id !== id) groups.push([`its root ${root.id}, with all sub-sessions`, root]);
  const rows = groups.flatMap(([name, { total, models }]) => {
    const several = Object.entries(models);
    return [row(name, total), ...several.map(([model, totals]) => row(`  ${model}`, totals))];
  });
  const lines = [HEADER, ...rows];
  const widths = HEADER.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)));
  const text = lines.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
  const limits = [...limitsOf('each turn', budget?.turn), ...limitsOf('the whole session', budget?.session)];
  return [...text, ...notesOf(all.total), `worked for ${duration / 1000} s`, ...limits]
    .map((line) => `${line}\n`)
    .join('');
}

function row(name: string, totals: UsageTotals): string[] {
  const { calls, retries, input, cached, cacheWrite, output, reasoning, total, cost } = totals;
  const figures = [calls, retries, input, cached, cacheWrite, output, reasoning, total];
  return [name, ...figures.map(String), cost.toFixed(4)];
}

/** What it may take, in words. */
function limitsOf(who: string, { maxSteps, maxTokens, maxCost, maxDuration }: Limits = {}): string[] {
  const parts = [
    ...(maxSteps === undefined ? [] : [`${maxSteps} calls`]),
    ...(maxTokens === undefined ? [] : [`${maxTokens} tokens`]),
    ...(maxCost === undefined ? [] : [`${maxCost} USD`]),
    ...(maxDuration === undefined ? [] : [`${maxDuration / 1000} s`]),
  ];
  return parts.length === 0 ? [] : [`${who} may take ${parts.join(', ')}`];
}

/** What the figures leave out. */
function notesOf({ unpriced, unreported }: UsageTotals): string[] {
  const cut = `${unreported.calls} calls were cut off before their provider counted: about ${unreported.tokens} tokens more`;
  return [
    ...(unreported.calls > 0 ? [cut] : []),
    ...(unpriced > 0 ? [`${unpriced} calls were of models without a known price, and are not in the USD`] : []),
  ];
}
