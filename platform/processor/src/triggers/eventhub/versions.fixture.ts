import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const API_VERSIONS = 18;
/** Behind the size of a message. */
const SIZE_BYTES = 4;
/** Of an answer: size, number of the request, code of an error. */
const VERSIONS_START = 10;
/** Since this version arrays begin with a varint, and each entry ends with one. */
const FLEXIBLE = 3;

/**
 * The newest versions of Kafka's requests that Event Hubs has been seen to know: https://github.com/IBM/sarama/issues/2470, of which
 * those of a client are given here. 1: Fetch, 3: Metadata, 8: OffsetCommit, 9: OffsetFetch, 10: FindCoordinator, 11: JoinGroup …
 */
const NEWEST: Record<number, number> = { 0: 7, 1: 6, 2: 7, 3: 5, 8: 8, 9: 8, 10: 1, 11: 7, 12: 4, 13: 4, 14: 5 };

/** Stands before a broker and has it know no newer versions of requests than Event Hubs does. Clients use what they are told here. */
export class OlderVersions {
  readonly address: string;
  /** The requests that came this way, as NUMBER/VERSION. */
  readonly requests: ReadonlySet<string>;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, requests: ReadonlySet<string>) {
    this.requests = requests;
    const { port } = server.address() as AddressInfo;
    this.address = `127.0.0.1:${port}`;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(broker: string): Promise<OlderVersions> {
    const [host = '', port = ''] = broker.split(':');
    const sockets = new Set<Socket>();
    const requests = new Set<string>();
    const server = createServer((client) => {
      const upstream = connect(Number(port), host);
      const asked = new Map<number, number>();
      relay(client, upstream, (message) => {
        const [api, version] = [message.readInt16BE(SIZE_BYTES), message.readInt16BE(SIZE_BYTES + 2)];
        requests.add(`${api}/${version}`);
        if (api === API_VERSIONS) asked.set(message.readInt32BE(SIZE_BYTES + 4), version);
      });
      relay(upstream, client, (message) => {
        const version = asked.get(message.readInt32BE(SIZE_BYTES));
        if (version !== undefined) limitVersions(message, version);
      });
      for (const socket of [client, upstream]) sockets.add(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OlderVersions(server, sockets, requests);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Passes on whole messages, after they were looked at. */
function relay(from: Socket, to: Socket, look: (message: Buffer) => void): void {
  let waiting: Buffer = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= SIZE_BYTES && waiting.length >= SIZE_BYTES + waiting.readInt32BE(0)) {
      const end = SIZE_BYTES + waiting.readInt32BE(0);
      const message = waiting.subarray(0, end);
      look(message);
      to.write(message);
      waiting = waiting.subarray(end);
    }
  });
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
}

function limitVersions(answer: Buffer, version: number): void {
  const isFlexible = version >= FLEXIBLE;
  const count = isFlexible ? answer.readUInt8(VERSIONS_START) - 1 : answer.readInt32BE(VERSIONS_START);
  const start = VERSIONS_START + (isFlexible ? 1 : 4);
  for (let index = 0; index < count; index += 1) {
    const at = start + index * (isFlexible ? 7 : 6);
    const newest = NEWEST[answer.readInt16BE(at)];
    if (newest !== undefined) answer.writeInt16BE(Math.min(newest, answer.readInt16BE(at + 4)), at + 4);
  }
}
