import type { KinesisAttributes } from './attributes.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Shard } from './client.ts';

export interface Planned {
  /** The time at the server. */
  now: number;
  iteratorType: KinesisAttributes['iteratorType'];
}

/** The shards that a trigger reads: all, or those that are named and what they are split or merged into. */
export function selected(shards: readonly Shard[], named: readonly string[]): Shard[] {
  if (named.length === 0) return [...shards];
  const ids = new Set(named);
  for (let before = 0; before < ids.size; ) {
    before = ids.size;
    // By its first parent alone, so that of two triggers only one reads a merged shard.
    for (const { id, parents } of shards) if (parents[0] !== undefined && ids.has(parents[0])) ids.add(id);
  }
  return shards.filter(({ id }) => ids.has(id));
}

/**
 * Notes where to begin with shards that there is no checkpoint of. At the very first start that is what the iterator type says; a
 * shard that is found later came of others that were read to their end, so it is read from its beginning.
 * @returns the shards that begin with what comes from now on.
 */
export function noteStarts(shards: readonly Shard[], checkpoints: Checkpoints, { now, iteratorType }: Planned): Set<string> {
  const latest = new Set<string>();
  const beginsLate = checkpoints.isEmpty && iteratorType === 'LATEST';
  for (const { id, closed } of shards) {
    if (checkpoints.get(id) !== undefined) continue;
    if (!beginsLate) checkpoints.set(id, { at: 'beginning' });
    else if (closed) checkpoints.set(id, { at: 'end' });
    else {
      // So that a later start goes on from here even if nothing comes until then.
      checkpoints.set(id, { at: 'time', time: now });
      latest.add(id);
    }
  }
  return latest;
}

/** Those that may be read: a shard's events come after those of its parents. */
export function readable(shards: readonly Shard[], checkpoints: Checkpoints): Shard[] {
  const open = new Set(shards.filter(({ id }) => checkpoints.get(id)?.at !== 'end').map(({ id }) => id));
  return shards.filter(({ id, parents }) => open.has(id) && !parents.some((parent) => open.has(parent)));
}
