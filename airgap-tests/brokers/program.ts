import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramOptions {
  /** The port of this machine that it listens on once it is ready. */
  port: number;
  env?: Record<string, string>;
  readyWithinMs: number;
}

const POLL_MS = 20;
const OUTPUT_LINES = 30;

/** A server in the foreground. */
export class Program {
  readonly #child: ChildProcess;
  readonly #output: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => this.#remember(text));
  }

  /** Settles once the program listens. */
  static async start(file: string, args: readonly string[], { port, env, readyWithinMs }: ProgramOptions): Promise<Program> {
    // What a failed test leaves behind ends with its process, however that ends.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const program = new Program(child);
    const failed = new Promise<never>((_, reject) => {
      child.on('error', (cause) => reject(new Error(`${file} cannot be started: ${cause.message}`, { cause })));
      child.on('exit', (code) => reject(new Error(`${file} ended with code ${code}:\n${program.#output.join('')}`)));
    });
    const until = Date.now() + readyWithinMs;
    try {
      while (!(await Promise.race([listens(port), failed]))) {
        if (Date.now() > until) throw new Error(`${file} does not listen on port ${port}:\n${program.#output.join('')}`);
        await Promise.race([sleep(POLL_MS), failed]);
      }
    } catch (error) {
      await program.end('SIGKILL');
      throw error;
    }
    failed.catch(() => undefined);
    return program;
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const exited = once(this.#child, 'exit');
    if (this.#child.exitCode === null && this.#child.kill(signal)) await exited;
  }

  #remember(text: string): void {
    this.#output.push(text);
    if (this.#output.length > OUTPUT_LINES) this.#output.shift();
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
