import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from './contestants.ts';

const READY_LIMIT_MS = 20_000;
const REQUEST = 'GET /hello HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n';

/** A server that was started for a measurement. */
export class Server {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  /** Starts a server, and gives it with the milliseconds until its first answer. */
  static async start(port: number, { program, args, env }: Command): Promise<{ server: Server; readyMs: number }> {
    const startedAt = performance.now();
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] });
    const server = new Server(port, child);
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ${args.join(' ')} ended with ${child.exitCode}`);
      if (performance.now() - startedAt > READY_LIMIT_MS) throw new Error(`${program} ${args.join(' ')} does not answer`);
      await delay(1);
    }
    return { server, readyMs: performance.now() - startedAt };
  }

  /** Bytes of memory that are its own, with its children. */
  memory(): Promise<number> {
    return this.#sum(residentBytes);
  }

  /** Seconds of processor time that it has used, with its children, to hundredths. */
  cpuSeconds(): Promise<number> {
    return this.#sum(cpuSeconds);
  }

  async #sum(figureOf: (pid: string) => Promise<number>): Promise<number> {
    const { pid } = this.#child;
    if (pid === undefined) return Number.NaN;
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((each) => each !== '');
    const figures = await Promise.all([String(pid), ...children].map(figureOf));
    return figures.reduce((sum, figure) => sum + figure, 0);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

async function residentBytes(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) * 1024;
}

const TICKS_PER_SECOND = 100;

async function cpuSeconds(pid: string): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // Behind the name, which may have spaces, utime and stime are the 12th and 13th (proc_pid_stat(5)).
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) / TICKS_PER_SECOND;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST));
    socket.once('data', (data) => {
      resolve(data.toString('latin1').startsWith('HTTP/1.1 200'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
