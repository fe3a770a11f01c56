import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionConfig } from '@ampoule/platform-api/function';
import { cliError } from '../errors.ts';
import { recordOf } from '../log-line.ts';
import { nodeCommand, processorScript } from './node-command.ts';
import { environmentOf, writeProcessorFiles } from './processor-files.ts';

export interface LocalFunctionOptions {
  config: FunctionConfig;
  /** Folder of the handler. */
  folder: string;
  /** 0 takes a free one. */
  port: number;
  /** Flags of Node.js, for a debugger. */
  nodeFlags?: readonly string[];
  /** Variables for the processor, beside those of the function. */
  env?: Record<string, string>;
  /** Ends a start that is still going on. */
  signal: AbortSignal;
  /** Sees each line that the function writes. */
  onLine(line: string): void;
}

/** As long as the processor takes for what is in hand, and a little more. */
const STOP_MS = 12_000;

/** A processor on this machine, with one function. */
export class LocalFunction {
  readonly url: string;
  /** Settles when the processor has ended, with what it ended by. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string, ended: Promise<string>) {
    this.#child = child;
    this.url = url;
    this.ended = ended;
  }

  /** Starts it, and ends when it answers. @throws AMP_CLI_RUN_FAILED */
  static async start({ config, folder, port, nodeFlags = [], env = {}, signal, onLine }: LocalFunctionOptions): Promise<LocalFunction> {
    const temporary = await mkdtemp(join(tmpdir(), 'ampoule-run-'));
    const files = await writeProcessorFiles(temporary, config, port);
    const { program, args } = nodeCommand();
    const script = [processorScript(), '--config', files.config, '--platform-config', files.platform];
    // Without the token, which is no business of a function. In a group of its own, so that Ctrl-C reaches it once, from here.
    const child = spawn(program, [...args, ...nodeFlags, ...script], {
      env: { ...process.env, AMPOULE_TOKEN: undefined, ...env, ...environmentOf(config), NUCLIO_HANDLER_DIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    signal.addEventListener('abort', killWithUs);
    const failed = once(child, 'error').then(([error]) => `it could not be started: ${String(error)}`);
    const exited = once(child, 'close').then(([code, signal]) => (code === null ? `by ${signal}` : `with code ${code}`));
    const ended = Promise.race([failed, exited]).finally(async () => {
      process.removeListener('exit', killWithUs);
      await rm(temporary, { recursive: true, force: true });
    });
    const listening = new Promise<number>((resolve) => {
      createInterface(child.stdout).on('line', (line) => {
        const httpPort = portOf(line);
        if (httpPort === undefined) onLine(line);
        else resolve(httpPort);
      });
      createInterface(child.stderr).on('line', onLine);
    });
    const outcome = await Promise.race([listening, ended]);
    signal.removeEventListener('abort', killWithUs);
    if (typeof outcome === 'number') return new LocalFunction(child, `http://127.0.0.1:${outcome}/`, ended);
    throw cliError('AMP_CLI_RUN_FAILED', {
      what: `Function ${config.metadata.name} did not start`,
      why: `The processor ended ${outcome}; the lines above say why.`,
      fix: 'Correct the function, then run it again.',
    });
  }

  /** Lets it answer what is in hand, then ends it. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const limit = new AbortController();
    const isLate = delay(STOP_MS, true, { signal: limit.signal }).catch(() => false);
    if ((await Promise.race([this.ended, isLate])) === true) this.kill();
    limit.abort();
    await this.ended;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** The port in the line with which the processor says that it answers. */
function portOf(line: string): number | undefined {
  const record = recordOf(line);
  if (record?.name !== 'processor' || record.message !== 'Processor started') return undefined;
  const port = Object(record.with).httpPort;
  return typeof port === 'number' ? port : undefined;
}
