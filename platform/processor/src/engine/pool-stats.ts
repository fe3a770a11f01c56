/** What a pool has done, for metrics; all counts only rise. */
export interface PoolStats {
  succeeded: number;
  failed: number;
  allocatedAtOnce: number;
  allocatedAfterWait: number;
  notAllocated: number;
  /** Milliseconds that events waited for a worker, in all. */
  waited: number;
  /** Per cent of workers that were free, summed over all allocations, as Nuclio counts it. */
  availability: number;
  restarts: number;
  /** By index of the worker. */
  workers: { count: number; milliseconds: number }[];
}

export function emptyStats(workers: number): PoolStats {
  return {
    succeeded: 0,
    failed: 0,
    allocatedAtOnce: 0,
    allocatedAfterWait: 0,
    notAllocated: 0,
    waited: 0,
    availability: 0,
    restarts: 0,
    workers: Array.from({ length: workers }, () => ({ count: 0, milliseconds: 0 })),
  };
}
