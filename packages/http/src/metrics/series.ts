type Labels = Readonly<Record<string, string | number>>;

/** A number that only grows. Its series stand from the first time that they are counted. */
export class Counter {
  readonly #values = new Map<string, number>();
  readonly #head: string;
  readonly #name: string;

  constructor(name: string, help: string) {
    this.#name = name;
    this.#head = headOf(name, 'counter', help);
  }

  add(labels: Labels, by = 1): void {
    const key = labelled(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  text(): string {
    return this.#head + [...this.#values].map(([key, value]) => `${this.#name}${key} ${value}\n`).join('');
  }
}

/** How often a measure was at most so much. */
export class Histogram {
  readonly #series = new Map<
    string,
    { readonly labels: Labels; readonly counts: number[]; sum: number; count: number }
  >();
  readonly #name: string;
  readonly #head: string;
  readonly #bounds: readonly number[];

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#head = headOf(name, 'histogram', help);
    this.#bounds = bounds;
  }

  add(labels: Labels, value: number): void {
    const key = labelled(labels);
    const series = this.#series.get(key) ?? { labels, counts: this.#bounds.map(() => 0), sum: 0, count: 0 };
    this.#series.set(key, series);
    series.sum += value;
    series.count += 1;
    this.#bounds.forEach((bound, i) => {
      if (value <= bound) series.counts[i] = (series.counts[i] ?? 0) + 1;
    });
  }

  text(): string {
    const lines = [...this.#series.values()].flatMap(({ labels, counts, sum, count }) => [
      ...this.#bounds.map((le, i) => `${this.#name}_bucket${labelled({ ...labels, le })} ${counts[i]}\n`),
      `${this.#name}_bucket${labelled({ ...labels, le: '+Inf' })} ${count}\n`,
      `${this.#name}_sum${labelled(labels)} ${sum}\n`,
      `${this.#name}_count${labelled(labels)} ${count}\n`,
    ]);
    return this.#head + lines.join('');
  }
}

/** A number as it is now. */
export function gauge(name: string, help: string, values: readonly (readonly [Labels, number])[]): string {
  return (
    headOf(name, 'gauge', help) + values.map(([labels, value]) => `${name}${labelled(labels)} ${value}\n`).join('')
  );
}

function headOf(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function labelled(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
