export interface Spread {
  median: number;
  least: number;
  most: number;
}

export interface Percentiles extends Spread {
  p95: number;
}

/** The median of several measurements, with the least and the most, to two decimals. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: rounded(sorted[Math.floor(sorted.length / 2)]), least: rounded(sorted[0]), most: rounded(sorted.at(-1)) };
}

/** As `spread`, of many measurements. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  return { ...spread(values), p95: rounded(sorted[Math.floor(sorted.length * 0.95)]) };
}

function rounded(value: number | undefined): number {
  return Math.round((value ?? Number.NaN) * 100) / 100;
}
