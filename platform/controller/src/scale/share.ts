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
 * Shares the replicas of a project out: as if one after the other went to the function that has the fewest and needs more. What nobody
 * needs now is shared out in the same way among those that may take more by themselves.
 */
export function share(cap: number, demands: readonly Demand[]): Map<string, number> {
  const shares = demands.map((demand) => ({ ...demand, has: demand.floor })).sort((a, b) => (a.key < b.key ? -1 : 1));
  let left = cap - shares.reduce((sum, { floor }) => sum + floor, 0);
  for (const limit of ['wanted', 'most'] as const) {
    while (left > 0) {
      const hungry = shares.filter((one) => one.has < one[limit]);
      if (hungry.length === 0) break;
      const least = Math.min(...hungry.map(({ has }) => has));
      const poorest = hungry.filter(({ has }) => has === least);
      // So many at once that none of them gets too much or overtakes another one.
      const bounds = hungry.map((one) => (one.has === least ? one[limit] : one.has));
      const portion = Math.max(Math.min(Math.min(...bounds) - least, Math.floor(left / poorest.length)), 1);
      for (const one of poorest.slice(0, left)) {
        one.has += portion;
        left -= portion;
      }
    }
  }
  return new Map(shares.map(({ key, has }) => [key, has]));
}
