import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';

/** Answers that are under way when the process ends are here by then. */
const LAST_ANSWERS_MS = 200;

export interface WrapperCommand {
  command: string;
  /** `{socket}` in them stands for the path of the socket. */
  args: readonly string[];
  cwd: string;
}

export interface WrapperProcessListener {
  received(chunk: Buffer): void;
  /** It has ended, by itself or not, and nothing will be received any more. */
  ended(reason: string): void;
}

/** A wrapper and the one connection that it makes to the processor. */
export class WrapperProcess {
  readonly #listener: WrapperProcessListener;
  readonly #connected = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #server: Server | undefined;
  #folder: string | undefined;
  #socket: Socket | undefined;
  #child: ChildProcess | undefined;
  #isEnded = false;

  constructor(listener: WrapperProcessListener) {
    this.#listener = listener;
    this.#connected.promise.catch(() => undefined);
  }

  /** Settles when it has connected. It fails where the program ends before that, with the reason as message. */
  async start({ command, args, cwd }: WrapperCommand): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'nuclio-rpc-'));
    const path = join(this.#folder, 'socket');
    this.#server = createServer((socket) => this.#accept(socket)).listen(path);
    await once(this.#server, 'listening');
    if (this.#isEnded) throw new Error('it was ended before it was started');
    // A session of its own, so that what it starts can be ended with it.
    const child = spawn(
      command,
      args.map((each) => each.replaceAll('{socket}', path)),
      { cwd, detached: true, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    this.#child = child;
    child.on('error', (error) => void this.#end(`${command} cannot be started: ${messageOf(error)}`));
    child.once(
      'exit',
      (status, signal) => void this.#end(signal === null ? `it ended with status ${status}` : `it was ended by ${signal}`),
    );
    await this.#connected.promise;
  }

  write(line: string): void {
    this.#socket?.write(line);
  }

  /** Ends it with all that it has started, and waits for that. */
  async kill(): Promise<void> {
    if (this.#child === undefined) await this.#end('it was not started');
    else this.#killGroup();
    await this.#ended.promise;
  }

  #accept(socket: Socket): void {
    if (this.#socket !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    // There is one connection, so the way to it is not needed any more.
    void this.#closeServer();
    socket.on('data', (chunk: Buffer) => this.#listener.received(chunk));
    // The end of the process tells of both.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#killGroup());
    this.#connected.resolve();
  }

  #killGroup(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      if (codeOf(error) !== 'ESRCH') throw error;
    }
  }

  async #closeServer(): Promise<void> {
    this.#server?.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(reason: string): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#killGroup();
    if (this.#socket !== undefined && !this.#socket.closed) await Promise.race([once(this.#socket, 'close'), delay(LAST_ANSWERS_MS)]);
    this.#socket?.destroy();
    await this.#closeServer();
    this.#connected.reject(new Error(reason));
    this.#listener.ended(reason);
    this.#ended.resolve();
  }
}
