import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A link to a server of this machine on which the server's answers can be kept back, so that they then arrive at once. */
export class HeldLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #held: { chunk: Buffer; to: Socket }[] = [];
  #holds = false;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(port: number): Promise<HeldLink> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => {});
      }
      client.pipe(upstream);
      upstream.on('data', (chunk: Buffer) => link.#answer(chunk, client));
      upstream.on('close', () => client.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const link = new HeldLink(server, sockets);
    return link;
  }

  hold(): void {
    this.#holds = true;
  }

  /** Bytes of answers that are kept back. */
  get heldBytes(): number {
    return this.#held.reduce((sum, { chunk }) => sum + chunk.byteLength, 0);
  }

  release(): void {
    this.#holds = false;
    const held = this.#held.splice(0);
    for (const client of new Set(held.map(({ to }) => to))) {
      client.write(Buffer.concat(held.filter(({ to }) => to === client).map(({ chunk }) => chunk)));
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(chunk: Buffer, to: Socket): void {
    if (this.#holds) this.#held.push({ chunk, to });
    else to.write(chunk);
  }
}
