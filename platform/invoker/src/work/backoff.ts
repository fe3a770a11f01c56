export interface Backoff {
  firstMs: number;
  lastMs: number;
}

/** How long to wait after so many attempts: anything up to a bound that doubles, so that many who failed at once do not come back at once. */
export function backoffMs({ firstMs, lastMs }: Backoff, attempts: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(lastMs, firstMs * 2 ** (attempts - 1)));
}
