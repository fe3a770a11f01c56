import { messageOf } from '@ampoule/lib/errors';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { updateFunction } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';

type Records = NonNullable<FunctionStatus['logs']>;

const INTERVAL_MS = 500;
/** An object of Kubernetes is no place for long texts. */
const MAX_RECORDS = 300;
const MAX_LINE = 500;

/** What the commands of a build write, shown in the function's status while they run. */
export class BuildLog {
  readonly records: Records = [];
  readonly #write: () => Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(client: KubeClient, key: string, logger: Logger) {
    this.#write = () =>
      updateFunction(client, key, ({ status }) =>
        status.state === 'building' ? { status: { logs: [...this.records] } } : undefined,
      ).catch((error: unknown) => logger.warn({ key, reason: messageOf(error) }, 'the log of a build cannot be written'));
  }

  add = (line: string): void => {
    if (line.trim() === '') return;
    if (this.records.length === MAX_RECORDS) this.records.push(recordOf('The rest of the output is left out'));
    if (this.records.length > MAX_RECORDS) return;
    this.records.push(recordOf(line.slice(0, MAX_LINE)));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#write();
    }, INTERVAL_MS);
  };

  /** Ends when nothing is written any more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
  }
}

export function recordOf(message: string): Records[number] {
  return { level: 'info', message, name: 'builder', time: Date.now() };
}
