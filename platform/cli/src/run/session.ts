import { errorText, type Printer } from '@ampoule/lib/print';
import { cliError } from '../errors.ts';
import { LocalFunction, type LocalFunctionOptions } from './local-function.ts';
import { idleTriggersOf } from './processor-files.ts';
import { watchFolder } from './watch.ts';

export interface SessionOptions {
  printer: Printer;
  /** Reads the function anew for each start. */
  read(): Promise<Omit<LocalFunctionOptions, 'port' | 'signal'>>;
  /** 0 takes a free one, and keeps it. */
  port: number;
  onStarted(url: string): void;
}

/** One stay of a function on this machine, through its restarts, until a signal ends it. */
export class Session {
  readonly #options: SessionOptions;
  readonly #stopping = new AbortController();
  readonly #stopped = new Promise<undefined>((resolve) => this.#stopping.signal.addEventListener('abort', () => resolve(undefined)));
  #port: number;
  #running: LocalFunction | undefined;
  #hasToldTriggers = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#port = options.port;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** @throws AMP_CLI_RUN_FAILED, AMP_CLI_SOURCE, AMP_INPUT_INVALID */
  async untilStopped(): Promise<void> {
    try {
      const running = await this.#start();
      const outcome = await Promise.race([this.#stopped, running.ended]);
      if (outcome !== undefined) throw ended(outcome);
      await this.#stop();
    } catch (error) {
      if (!this.#stopping.signal.aborted) throw error;
    }
  }

  /** A function that cannot run waits for its next change. */
  async untilStoppedWatching(folder: string): Promise<void> {
    let work = this.#restart();
    const watcher = watchFolder(folder, (file) => {
      work = work.then(async () => {
        this.#options.printer.line(`${file} has changed.`);
        await this.#restart();
      });
    });
    await this.#stopped;
    watcher.close();
    await work;
    await this.#stop();
  }

  async #restart(): Promise<void> {
    await this.#stop();
    if (this.#stopping.signal.aborted) return;
    try {
      const running = await this.#start();
      void running.ended.then((outcome) => this.#tellOfEnd(running, outcome));
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#options.printer.line(errorText(error));
    }
  }

  async #start(): Promise<LocalFunction> {
    const { read, printer, onStarted } = this.#options;
    const found = await read();
    const idle = idleTriggersOf(found.config);
    if (idle.length > 0 && !this.#hasToldTriggers) printer.line(`Only requests reach it here, not the triggers ${idle.join(', ')}.`);
    this.#hasToldTriggers = true;
    const running = await LocalFunction.start({ ...found, port: this.#port, signal: this.#stopping.signal });
    this.#running = running;
    this.#port = Number(new URL(running.url).port);
    printer.line(`Function ${found.config.metadata.name} answers at ${running.url}`);
    onStarted(running.url);
    return running;
  }

  async #stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  #tellOfEnd(running: LocalFunction, outcome: string): void {
    if (this.#running === running) this.#options.printer.line(errorText(ended(outcome)));
  }

  /** At a second signal the process ends at once, and its children with it. */
  readonly #onSignal = (): void => {
    if (this.#stopping.signal.aborted) process.exit(1);
    this.#stopping.abort();
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function ended(outcome: string) {
  return cliError('AMP_CLI_RUN_FAILED', {
    what: 'The function does not run any more',
    why: `The processor ended ${outcome}.`,
    fix: 'Look at the lines above; with --watch it starts anew when a file changes.',
  });
}
