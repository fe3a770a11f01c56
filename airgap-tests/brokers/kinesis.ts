import { type FakeAnswer, type FakeRequest, FakeServer } from './fake-server.ts';
import { type StoredShard, Stream } from './kinesis/stream.ts';
import { signatureProblem } from './kinesis/verify.ts';

const MS_PER_SECOND = 1000;
const ITERATOR_MS = 300_000;
const READS_PER_SECOND = 5;
const MOST_RECORDS = 10_000;
const MOST_RECORD_BYTES = 1024 * 1024;
const MOST_ANSWER_BYTES = 10 * 1024 * 1024;
const SHARDS_PER_PAGE = 2;

/** Who may use it. */
export const kinesisKeys = { accessKeyID: 'AKIDEXAMPLE', secretAccessKey: 'a-secret/for+tests', region: 'test-region-1' };

interface Cursor {
  stream: string;
  shardId: string;
  /** How many of the shard's records are passed. */
  at: number;
  expires: number;
}

type Fields = Record<string, unknown>;

/**
 * A FAKE of Amazon Kinesis Data Streams, by its public documentation: there is no server of it to run. It checks signatures (Signature
 * Version 4), pages its lists, lets iterators expire, closes shards that are split or merged, keeps to the limits of reading and answers
 * with the service's errors. https://docs.aws.amazon.com/kinesis/latest/APIReference/
 */
export class Kinesis {
  /** How many of the next calls of an operation are told that they are too many. */
  readonly throttled = new Map<string, number>();
  /** Calls of each operation so far. */
  readonly calls = new Map<string, number>();
  readonly #streams = new Map<string, Stream>();
  readonly #cursors = new Map<string, Cursor>();
  #server: FakeServer | undefined;

  static async start(): Promise<Kinesis> {
    const kinesis = new Kinesis();
    kinesis.#server = await FakeServer.start((request) => kinesis.#answer(request));
    return kinesis;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  create(name: string, shards: number): Stream {
    const stream = new Stream(shards);
    this.#streams.set(name, stream);
    return stream;
  }

  /** As if five minutes had passed for all iterators. */
  expireIterators(): void {
    for (const cursor of this.#cursors.values()) cursor.expires = 0;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  #answer(request: FakeRequest): FakeAnswer {
    try {
      const problem = signatureProblem(request, kinesisKeys);
      if (problem !== undefined) throw new Refusal(...problem);
      const [, operation = ''] = /^Kinesis_20131202\.(\w+)$/.exec(String(request.headers['x-amz-target'])) ?? [];
      this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1);
      const limit = this.throttled.get(operation) ?? 0;
      this.throttled.set(operation, Math.max(0, limit - 1));
      if (limit > 0) throw new Refusal('ProvisionedThroughputExceededException', `Rate exceeded for ${operation}`);
      return answerOf(200, this.#perform(operation, JSON.parse(request.body)));
    } catch (error) {
      if (error instanceof Refusal) return answerOf(400, { __type: error.type, message: error.message });
      return answerOf(500, { __type: 'InternalFailure', message: String(error) });
    }
  }

  #perform(operation: string, fields: Fields): Fields {
    switch (operation) {
      case 'ListShards':
        return this.#listShards(fields);
      case 'GetShardIterator':
        return { ShardIterator: this.#iterator(fields) };
      case 'GetRecords':
        return this.#records(fields);
      case 'PutRecord':
        return this.#put(fields);
      default:
        throw new Refusal('UnknownOperationException', operation);
    }
  }

  #listShards({ StreamName, NextToken }: Fields): Fields {
    if ((StreamName === undefined) === (NextToken === undefined)) {
      throw new Refusal('InvalidArgumentException', 'NextToken and StreamName cannot be provided together.');
    }
    const [name = '', from = '0'] = NextToken === undefined ? [String(StreamName)] : String(NextToken).split('#');
    const { shards } = this.#stream(name);
    const end = Number(from) + SHARDS_PER_PAGE;
    const Shards = shards.slice(Number(from), end).map(({ id, parents: [parent, adjacent], range, first, last }) => ({
      ShardId: id,
      ...(parent !== undefined && { ParentShardId: parent }),
      ...(adjacent !== undefined && { AdjacentParentShardId: adjacent }),
      HashKeyRange: { StartingHashKey: String(range[0]), EndingHashKey: String(range[1] - 1n) },
      SequenceNumberRange: { StartingSequenceNumber: first, ...(last !== undefined && { EndingSequenceNumber: last }) },
    }));
    return { Shards, ...(end < shards.length && { NextToken: `${name}#${end}` }) };
  }

  #iterator({ StreamName, ShardId, ShardIteratorType: type, StartingSequenceNumber: sequence, Timestamp: time }: Fields): string {
    const { records } = this.#shard(String(StreamName), String(ShardId));
    const position = (find: number) => (find === -1 ? records.length : find);
    const starts: Record<string, () => number> = {
      TRIM_HORIZON: () => 0,
      LATEST: () => records.length,
      AT_TIMESTAMP: () => {
        if (typeof time !== 'number') throw new Refusal('InvalidArgumentException', 'Timestamp must be given.');
        if (time * MS_PER_SECOND > Date.now()) throw new Refusal('InvalidArgumentException', 'Timestamp must not be in the future.');
        return position(records.findIndex((each) => each.ApproximateArrivalTimestamp >= time));
      },
      AFTER_SEQUENCE_NUMBER: () => {
        if (typeof sequence !== 'string') throw new Refusal('InvalidArgumentException', 'StartingSequenceNumber must be given.');
        return position(records.findIndex((each) => each.SequenceNumber > sequence));
      },
    };
    const start = starts[String(type)];
    if (start === undefined) throw new Refusal('ValidationException', `Invalid ShardIteratorType ${type}`);
    return this.#cursor({ stream: String(StreamName), shardId: String(ShardId), at: start() });
  }

  #records({ ShardIterator, Limit = MOST_RECORDS }: Fields): Fields {
    const cursor = this.#cursors.get(String(ShardIterator));
    if (cursor === undefined) throw new Refusal('InvalidArgumentException', 'Invalid ShardIterator.');
    if (cursor.expires < Date.now()) throw new Refusal('ExpiredIteratorException', 'Iterator expired.');
    if (Number(Limit) > MOST_RECORDS) throw new Refusal('ValidationException', 'Limit must be at most 10000.');
    const shard = this.#shard(cursor.stream, cursor.shardId);
    const now = Date.now();
    shard.reads = [...shard.reads.filter((time) => time > now - MS_PER_SECOND), now];
    if (shard.reads.length > READS_PER_SECOND) {
      shard.reads.pop();
      throw new Refusal('ProvisionedThroughputExceededException', `Rate exceeded for shard ${shard.id} in stream ${cursor.stream}.`);
    }
    const Records = page(shard, cursor.at, Number(Limit));
    const at = cursor.at + Records.length;
    const oldest = shard.records[at];
    const MillisBehindLatest = oldest === undefined ? 0 : Math.max(1, Math.round(now - oldest.ApproximateArrivalTimestamp * MS_PER_SECOND));
    if (shard.last !== undefined && oldest === undefined) {
      const children = this.#stream(cursor.stream).shards.filter(({ parents }) => parents.includes(shard.id));
      return { Records, MillisBehindLatest, ChildShards: children.map(({ id, parents }) => ({ ShardId: id, ParentShards: parents })) };
    }
    return { Records, MillisBehindLatest, NextShardIterator: this.#cursor({ ...cursor, at }) };
  }

  #put({ StreamName, PartitionKey, Data }: Fields): Fields {
    const data = Buffer.from(String(Data), 'base64');
    if (data.length + Buffer.byteLength(String(PartitionKey)) > MOST_RECORD_BYTES) {
      throw new Refusal('ValidationException', "Value at 'data' failed to satisfy constraint: Member must have length less than 1048576.");
    }
    return { ...this.#stream(String(StreamName)).put(String(PartitionKey), data) };
  }

  #cursor(cursor: Omit<Cursor, 'expires'>): string {
    const iterator = `AAAAAAAAAA${this.#cursors.size}`;
    this.#cursors.set(iterator, { ...cursor, expires: Date.now() + ITERATOR_MS });
    return iterator;
  }

  #stream(name: string): Stream {
    const stream = this.#streams.get(name);
    if (stream !== undefined) return stream;
    throw new Refusal('ResourceNotFoundException', `Stream ${name} under account 000000000000 not found.`);
  }

  #shard(stream: string, id: string): StoredShard {
    const shard = this.#stream(stream).shard(id);
    if (shard !== undefined) return shard;
    throw new Refusal('ResourceNotFoundException', `Shard ${id} in stream ${stream} under account 000000000000 does not exist`);
  }
}

/** What one answer may hold. */
function page({ records }: StoredShard, at: number, limit: number): StoredShard['records'] {
  let bytes = 0;
  let end = at;
  for (; end < Math.min(records.length, at + limit); end += 1) {
    bytes += records[end]?.Data.length ?? 0;
    if (bytes > MOST_ANSWER_BYTES && end > at) break;
  }
  return records.slice(at, end);
}

function answerOf(status: number, body: Fields): FakeAnswer {
  return { status, body: JSON.stringify(body), contentType: 'application/x-amz-json-1.1' };
}

class Refusal extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}
