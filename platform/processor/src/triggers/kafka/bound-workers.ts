interface TopicPartition {
  topic: string;
  partition: number;
}

/**
 * Which worker each partition is bound to in allocation mode `static`: as in Nuclio they are dealt out in turn, for each topic anew, so that
 * the same partitions of several topics meet in the same worker. Numbers beyond that of the workers begin again with the first one.
 */
export function boundWorkersOf<Item extends TopicPartition>(partitions: readonly Item[]): Map<Item, number> {
  const workers = new Map<Item, number>();
  for (const [, group] of Map.groupBy(partitions, ({ topic }) => topic)) {
    for (const [turn, item] of group.toSorted((a, b) => a.partition - b.partition).entries()) workers.set(item, turn);
  }
  return workers;
}
