import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import type { Ports } from './client.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
const port = z.number();
const startedSchema = z.object({ ports: z.object({ public: port, admin: port, intake: port, status: port }) });

/** An invoker as a program of its own, which can be killed. */
export class InvokerProcess {
  readonly ports: Ports;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: Ports) {
    this.#child = child;
    this.ports = ports;
  }

  /** Settles when it takes requests. */
  static async start(env: Record<string, string>): Promise<InvokerProcess> {
    const child = spawn(process.execPath, [MAIN], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      lines.push(line);
      const started = startedSchema.safeParse(JSON.parse(line));
      if (!started.success) continue;
      child.stdout.resume();
      return new InvokerProcess(child, started.data.ports);
    }
    throw new Error(`the invoker ended:\n${lines.join('\n')}`);
  }

  /** Ends it and gives its exit code. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
    return this.#child.exitCode;
  }
}
