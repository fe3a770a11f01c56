import type { Address } from './config.ts';
import { textAnswer } from './engine/text-answer.ts';
import { PlainServer } from './triggers/http/plain-server.ts';

const MAX_HEAD = 8192;

/** A small server for probes: each path has a question, answered by 200 or 503. */
export class StatusServer {
  readonly #server: PlainServer;

  constructor(questions: Record<string, () => boolean>) {
    this.#server = new PlainServer({
      maxHead: MAX_HEAD,
      maxBody: 0,
      request({ target }, send) {
        const question = questions[target.split('?')[0] ?? ''];
        const status = question === undefined ? 404 : question() ? 200 : 503;
        send(textAnswer(status, status === 200 ? 'ok' : 'not ready'), '');
      },
    });
  }

  /** Begins to listen and gives the port. */
  start(address: Address): Promise<number> {
    return this.#server.start(address);
  }

  stop(): Promise<void> {
    return this.#server.stop(0);
  }
}
