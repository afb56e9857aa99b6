/**
 * What one check found. `passed`, `failed` and `skipped` are counts for a check that holds many tests; a check without
 * them counts as one.
 *
 * @typedef {object} Outcome
 * @property {'passed' | 'failed' | 'skipped'} status
 * @property {string} [detail] shown in full where the check failed
 * @property {string} [note] a few words behind the name
 * @property {number} [passed]
 * @property {number} [failed]
 * @property {readonly string[]} [skipped] names of what was skipped
 */

/** @typedef {{ name: string, run: () => Promise<Outcome> }} Check */

const MARKS = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip' };

/**
 * Collects outcomes, writes a line for each, and counts them.
 *
 * @param {(text: string) => void} write
 */
export function createReport(write) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];

  /** @param {string} name @param {Outcome} outcome @param {number} ms */
  function add(name, outcome, ms) {
    const note = outcome.note ? `  ${outcome.note}` : '';
    write(`${MARKS[outcome.status]}  ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}${note}\n`);
    if (outcome.status === 'failed') {
      failures.push(name);
      if (outcome.detail) write(`${outcome.detail.trimEnd().replace(/^/gm, '    ')}\n`);
    }
    const skipped = outcome.skipped ?? [];
    for (const one of skipped) write(`      skipped: ${one}\n`);
    if (outcome.passed === undefined) total[outcome.status] += 1;
    else {
      total.passed += outcome.passed;
      total.failed += outcome.failed ?? 0;
      // A run can be bad although each of its tests is good.
      if (outcome.status === 'failed' && !outcome.failed) total.failed += 1;
      total.skipped += skipped.length;
    }
  }

  /** Writes the summary; its last line is the count that continuous integration reads. */
  function finish() {
    if (failures.length > 0) write(`\nfailed: ${failures.join(', ')}\n`);
    write(`\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`);
    return total.failed === 0 ? 0 : 1;
  }

  return { add, finish };
}
