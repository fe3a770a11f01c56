import { createHash } from 'node:crypto';

const HASH_END = 2n ** 128n;
const SEQUENCE_DIGITS = 56;

export interface StoredRecord {
  SequenceNumber: string;
  ApproximateArrivalTimestamp: number;
  Data: string;
  PartitionKey: string;
}

export interface StoredShard {
  id: string;
  parents: string[];
  /** Hash keys from the first up to, not including, the second. */
  range: [bigint, bigint];
  records: StoredRecord[];
  first: string;
  /** The last sequence number that it can have; set once it is closed. */
  last?: string;
  /** Times of its latest reads. */
  reads: number[];
}

/** One stream: its shards and what they hold. */
export class Stream {
  readonly shards: StoredShard[] = [];
  #sequence = 0n;

  constructor(count: number) {
    const share = HASH_END / BigInt(count);
    for (let index = 0n; index < count; index += 1n) {
      this.#add([index * share, index + 1n === BigInt(count) ? HASH_END : (index + 1n) * share], []);
    }
  }

  shard(id: string): StoredShard | undefined {
    return this.shards.find((each) => each.id === id);
  }

  put(PartitionKey: string, data: Uint8Array): { ShardId: string; SequenceNumber: string } {
    const hash = BigInt(`0x${createHash('md5').update(PartitionKey).digest('hex')}`);
    const shard = this.shards.find(({ range, last }) => last === undefined && hash >= range[0] && hash < range[1]);
    if (shard === undefined) throw new Error('the ranges of the open shards have a gap');
    const SequenceNumber = this.#next();
    const Data = Buffer.from(data).toString('base64');
    shard.records.push({ SequenceNumber, ApproximateArrivalTimestamp: Date.now() / 1000, Data, PartitionKey });
    return { ShardId: shard.id, SequenceNumber };
  }

  split(id: string): void {
    const shard = this.#close(id);
    const [from, to] = shard.range;
    const middle = (from + to) / 2n;
    this.#add([from, middle], [id]);
    this.#add([middle, to], [id]);
  }

  merge(id: string, adjacent: string): void {
    const [a, b] = [this.#close(id), this.#close(adjacent)];
    this.#add([a.range[0] < b.range[0] ? a.range[0] : b.range[0], a.range[1] > b.range[1] ? a.range[1] : b.range[1]], [id, adjacent]);
  }

  #add(range: [bigint, bigint], parents: string[]): void {
    const id = `shardId-${String(this.shards.length).padStart(12, '0')}`;
    this.shards.push({ id, parents, range, records: [], first: this.#next(), reads: [] });
  }

  #close(id: string): StoredShard {
    const shard = this.shard(id);
    if (shard === undefined) throw new Error(`no shard ${id}`);
    shard.last = this.#next();
    return shard;
  }

  #next(): string {
    this.#sequence += 1n;
    return `49${String(this.#sequence).padStart(SEQUENCE_DIGITS - 2, '0')}`;
  }
}
