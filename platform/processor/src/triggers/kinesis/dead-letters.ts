import type { KinesisClient, KinesisRecord } from './client.ts';

/** What a record may hold, with its partition key. */
const MOST_BYTES = 1024 * 1024;

/**
 * Puts what cannot be handled into a stream, under the partition key that it had. A record has no headers, so it becomes JSON: why it
 * is there, and its own bytes in base64.
 */
export class DeadLetters {
  readonly #client: KinesisClient;
  readonly #stream: string;

  constructor(client: KinesisClient, stream: string) {
    this.#client = client;
    this.#stream = stream;
  }

  /** @throws where the stream is not there. */
  async prepare(): Promise<void> {
    await this.#client.shards(this.#stream);
  }

  async put({ PartitionKey: partitionKey, Data: data }: KinesisRecord, headers: Record<string, string>): Promise<void> {
    const letter = Buffer.from(JSON.stringify({ ...headers, partitionKey, data }));
    // One that is too large like this is kept as it was; why it is there is in the log.
    const fits = letter.length + Buffer.byteLength(partitionKey) <= MOST_BYTES;
    await this.#client.put(this.#stream, partitionKey, fits ? letter : Buffer.from(data, 'base64'));
  }
}
