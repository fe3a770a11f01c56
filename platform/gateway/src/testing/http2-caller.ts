import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';

/** Calls over one connection as browsers do: what a server that says goodbye has not taken goes out again over the next one. */
export class Http2Caller {
  readonly #address: string;
  #session: ClientHttp2Session | undefined;

  constructor(port: number) {
    this.#address = `https://127.0.0.1:${port}`;
  }

  async statusOf(path: string): Promise<number> {
    for (;;) {
      const stream = this.#open().request({ ':path': path, ':authority': 'any.example' });
      try {
        const [headers] = await once(stream.resume(), 'response');
        return headers[':status'];
      } catch (error) {
        if (!isNotTaken(error)) throw error;
      }
    }
  }

  stop(): void {
    this.#session?.destroy();
  }

  #open(): ClientHttp2Session {
    if (this.#session === undefined) {
      const session = connect(this.#address, { rejectUnauthorized: false });
      const leave = () => {
        if (this.#session === session) this.#session = undefined;
      };
      session.on('goaway', leave).on('close', leave).on('error', leave);
      this.#session = session;
    }
    return this.#session;
  }
}

function isNotTaken(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NGHTTP2_REFUSED_STREAM');
}
