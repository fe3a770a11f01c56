/** What a function asks of the replicas that its project may have. */
export interface Demand {
  key: string;
  /** It gets these in any case. */
  floor: number;
  /** What it needs now. */
  wanted: number;
  /** What it may take by itself, where Kubernetes scales it; else as wanted. */
  most: number;
}

/**
 * Shares the replicas of a project out: one after the other to the function that has the fewest and needs more. What nobody needs now is
 * shared out in the same way among those that may take more by themselves.
 */
export function share(cap: number, demands: readonly Demand[]): Map<string, number> {
  const shares = demands.map((demand) => ({ ...demand, has: demand.floor })).sort((a, b) => (a.key < b.key ? -1 : 1));
  let left = cap - shares.reduce((sum, { floor }) => sum + floor, 0);
  for (const limit of ['wanted', 'most'] as const) {
    for (; left > 0; left--) {
      const hungry = shares.filter((one) => one.has < one[limit]);
      const [first] = hungry;
      if (first === undefined) break;
      hungry.reduce((poorest, one) => (one.has < poorest.has ? one : poorest), first).has++;
    }
  }
  return new Map(shares.map(({ key, has }) => [key, has]));
}
