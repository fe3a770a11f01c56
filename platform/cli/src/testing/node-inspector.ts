import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const SESSION = z.object({ sessionId: z.string() });
const FRAMES = z.object({ callFrames: z.array(z.object({ callFrameId: z.string() })).min(1) });
const MESSAGE = z.object({ id: z.number().optional(), method: z.string().optional(), params: z.unknown().optional() });

/** A debugger at the one thread of a Node.js program that runs the handler: https://chromedevtools.github.io/devtools-protocol/v8/Debugger */
export class NodeInspector {
  /** Settles once the thread stands still. */
  readonly paused: Promise<void>;
  readonly #socket: WebSocket;
  readonly #pausedIn = Promise.withResolvers<string>();
  readonly #session = Promise.withResolvers<string>();
  readonly #replies = new Map<number, () => void>();
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.paused = this.#pausedIn.promise.then(() => undefined);
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)));
  }

  static async attach(url: string): Promise<NodeInspector> {
    const socket = new WebSocket(url);
    onTestFinished(() => socket.close());
    const inspector = new NodeInspector(socket);
    await once(socket, 'open');
    inspector.#send('NodeWorker.enable', { waitForDebuggerOnStart: false });
    await inspector.#ask('Debugger.enable');
    return inspector;
  }

  /** Evaluates an expression where the thread stands still. */
  async evaluate(expression: string): Promise<void> {
    await this.#ask('Debugger.evaluateOnCallFrame', { callFrameId: await this.#pausedIn.promise, expression });
  }

  resume(): Promise<void> {
    return this.#ask('Debugger.resume');
  }

  async #ask(method: string, params: object = {}): Promise<void> {
    const sessionId = await this.#session.promise;
    const replied = new Promise<void>((resolve) => this.#replies.set(this.#id + 1, resolve));
    const message = JSON.stringify({ id: this.#id + 1, method, params });
    this.#send('NodeWorker.sendMessageToWorker', { sessionId, message });
    await replied;
  }

  #send(method: string, params: object): void {
    this.#id += 1;
    this.#socket.send(JSON.stringify({ id: this.#id, method, params }));
  }

  #receive(text: string): void {
    const { method, params } = MESSAGE.parse(JSON.parse(text));
    if (method === 'NodeWorker.attachedToWorker') this.#session.resolve(SESSION.parse(params).sessionId);
    if (method === 'NodeWorker.receivedMessageFromWorker') this.#receiveFromThread(z.object({ message: z.string() }).parse(params).message);
  }

  #receiveFromThread(text: string): void {
    const { id, method, params } = MESSAGE.parse(JSON.parse(text));
    if (id !== undefined) this.#replies.get(id)?.();
    if (method === 'Debugger.paused') this.#pausedIn.resolve(FRAMES.parse(params).callFrames[0]?.callFrameId ?? '');
  }
}
