/**
 * One measured thing. `group` gathers what may be compared; `baseline: true` marks the row of a group that the others
 * are divided by (at most one). The numbers are in `unit`.
 *
 * @typedef {{ group: string, name: string, unit: string, median: number, min: number, max: number, baseline?: boolean }} Row
 */

/**
 * What is wrong with the rows of a bench file, or `undefined`.
 *
 * @param {unknown} rows
 */
export function problemWith(rows) {
  if (!Array.isArray(rows) || rows.length === 0) return 'gave no rows';
  for (const row of rows) {
    const texts = [row?.group, row?.name, row?.unit].every((text) => typeof text === 'string' && text !== '');
    const numbers = [row?.median, row?.min, row?.max].every((number) => Number.isFinite(number));
    if (!texts || !numbers || row.min > row.median || row.median > row.max)
      return `gave a bad row: ${JSON.stringify(row)}`;
  }
  return undefined;
}

/**
 * Rows as a Markdown table: name, unit, median, range, and the ratio to the group's baseline in the same run.
 *
 * @param {readonly Row[]} rows
 */
export function table(rows) {
  const groups = Map.groupBy(rows, ({ group }) => group);
  const lines = [];
  for (const [group, members] of groups) {
    const baselines = members.filter(({ baseline }) => baseline);
    if (baselines.length > 1) throw new Error(`"${group}" has ${baselines.length} baselines; one is the most.`);
    for (const row of members)
      lines.push([group, row.name, row.unit, figure(row.median), range(row), ratio(row, baselines[0])]);
  }
  const head = ['group', 'name', 'unit', 'median', 'min … max', '× baseline'];
  const widths = head.map((title, at) => Math.max(...[head, ...lines].map((cells) => cells[at].length), title.length));
  const show = (cells) =>
    `| ${cells.map((cell, at) => (at < 3 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at < 3 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [show(head), rule, ...lines.map(show)].join('\n');
}

const range = ({ min, max }) => `${figure(min)} … ${figure(max)}`;

function ratio(row, baseline) {
  if (!baseline || baseline.median === 0 || row.unit !== baseline.unit) return '';
  return row === baseline ? '1 (baseline)' : (row.median / baseline.median).toFixed(2);
}

/** Three significant digits, without exponents. */
function figure(number) {
  const digits = number === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))));
  return number.toFixed(Math.min(digits, 6));
}
