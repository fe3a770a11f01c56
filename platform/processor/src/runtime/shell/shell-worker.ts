import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import type { Answer, Event } from '../../engine/event.ts';
import type { Worker, WorkerListener } from '../../engine/worker.ts';
import { processorError } from '../../errors.ts';
import { headersOf, headOf } from '../headers.ts';
import type { WorkerOptions } from '../options.ts';
import { shellAttributesOf } from './attributes.ts';
import { environmentOf } from './environment.ts';

type Job = { sequence: number; events: readonly Event[]; isBatch: boolean };

const TEXT = headOf('text/plain', {});
/** What a program prints beyond this is not read; it is ended. */
const MAX_OUTPUT_BYTES = 64 << 20;

/** Runs a program for each event: the body is its input, what it prints is the answer. */
export class ShellWorker implements Worker {
  readonly #options: WorkerOptions;
  readonly #listener: WorkerListener;
  readonly #attributes: ReturnType<typeof shellAttributesOf>;
  readonly #jobs: Job[] = [];
  #child: ChildProcess | undefined;
  #isRunning = false;
  #isEnded = false;

  /** @throws AMP_INPUT_INVALID where the runtime attributes are wrong */
  constructor(options: WorkerOptions, listener: WorkerListener) {
    this.#options = options;
    this.#listener = listener;
    this.#attributes = shellAttributesOf(options.runtimeAttributes ?? {});
  }

  async start(): Promise<void> {
    const command = this.#command();
    if (!command.includes('/')) return;
    try {
      await access(command, constants.R_OK);
    } catch (cause) {
      const fix = 'Correct spec.handler; it names a script of the function, or a program.';
      throw processorError('AMP_HANDLER_MISSING', { what: `${command} cannot be read`, why: messageOf(cause), fix, cause });
    }
  }

  send(sequence: number, event: Event): boolean {
    this.#jobs.push({ sequence, events: [event], isBatch: false });
    return true;
  }

  sendBatch(sequence: number, events: readonly Event[]): boolean {
    this.#jobs.push({ sequence, events, isBatch: true });
    return true;
  }

  flush(): void {
    if (!this.#isRunning) void this.#runAll();
  }

  poll(): void {}

  nextToBegin(): number | undefined {
    return this.#jobs[0]?.sequence;
  }

  revoke(): number | undefined {
    const [first] = this.#jobs.splice(0);
    return first?.sequence;
  }

  /** Programs that live for one event have no callbacks. */
  async control(): Promise<void> {}

  /** It runs one event at a time. */
  async ping(): Promise<void> {}

  async kill(): Promise<void> {
    this.#isEnded = true;
    const pid = this.#child?.pid;
    if (pid !== undefined) killGroup(pid);
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job !== undefined && !this.#isEnded; job = this.#jobs.shift()) {
      const answers: Answer[] = [];
      for (const event of job.events) {
        // What is left of a batch is somebody else's by then, and so is the memory of its bodies.
        if (this.#isEnded) break;
        answers.push(await this.#run(event));
      }
      const [first] = answers;
      if (!this.#isEnded && first !== undefined) this.#listener.answered(job.sequence, job.isBatch ? answers : first);
    }
    this.#isRunning = false;
  }

  #run(event: Event): Promise<Answer> {
    const head = typeof event.head === 'string' ? event.head : Buffer.from(event.head).toString('latin1');
    const headers = headersOf(head);
    const { arguments: given, responseHeaders } = this.#attributes;
    const args = (headers.get('x-nuclio-arguments') ?? given).split(' ').filter((each) => each !== '');
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const env = { ...process.env, ...environmentOf(event, headers, this.#options.triggers[event.trigger]) };
      const command = this.#command();
      const isScript = command.includes('/');
      // A group of its own, so that what the program starts can be ended with it.
      const child = spawn(isScript ? 'sh' : command, isScript ? [command, ...args] : args, {
        cwd: this.#options.folder,
        env,
        detached: true,
      });
      this.#child = child;
      const chunks: Buffer[] = [];
      let size = 0;
      const read = (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_OUTPUT_BYTES && child.pid !== undefined) killGroup(child.pid);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      // A program need not read its input.
      child.stdin.on('error', () => undefined);
      child.stdin.end(event.body);
      let failure: string | undefined;
      child.on('error', (error) => {
        failure = error.message;
      });
      child.on('close', (code, signal) => {
        const output = Buffer.concat(chunks);
        const duration = Math.round((performance.now() - startedAt) * 1000);
        if (code !== 0) failure ??= signal === null ? `exit status ${code}` : `signal: ${signal}`;
        if (failure === undefined) resolve({ status: 200, head: headOf('text/plain', responseHeaders), body: output, duration });
        else
          resolve({
            status: 500,
            head: TEXT,
            body: Buffer.from(`Failed to run shell command.\nError: ${failure}\nOutput:${output}`),
            duration,
          });
      });
    });
  }

  /** A script of the function, or a program that is found by PATH. */
  #command(): string {
    const name = (this.#options.handler || 'main.sh').replace(/:[^:/]*$/, '');
    const folder = process.env.NUCLIO_SHELL_HANDLER_DIR ?? this.#options.folder;
    return name.endsWith('.sh') ? join(folder, name) : name;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
