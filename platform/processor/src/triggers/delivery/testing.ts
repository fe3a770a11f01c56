import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Event } from '../../engine/event.ts';
import type { Trigger as TriggerConfig } from '../../function-config.ts';
import { Logger } from '../../logger.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import type { Trigger, TriggerContext } from '../trigger.ts';

const POLL_MS = 5;

/** Waits until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 25_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not so within ${limitMs} ms: ${condition}`);
    await sleep(POLL_MS);
  }
}

export function textOf({ body }: Event): string {
  return Buffer.from(body).toString();
}

/** Runs triggers against handlers in the same thread, and remembers what they report. */
export class Bench {
  counts: Record<string, number> = {};
  lines: string[] = [];
  /** Sizes of the batches that were handed over. */
  batches: number[] = [];
  #triggers: Trigger[] = [];

  context(config: TriggerConfig, handle: (event: Event) => Answer | Promise<Answer>): TriggerContext {
    const { counts, lines, batches } = this;
    return {
      index: 3,
      name: 'events',
      config,
      workers: new CountingWorkers(handle, batches),
      logger: new Logger('test', (line) => lines.push(line)),
      metrics: {
        streamGauge: () => {},
        forgetStream: () => {},
        count: (kind, by = 1) => {
          counts[kind] = (counts[kind] ?? 0) + by;
        },
      },
      namespace: 'test-space',
      functionName: 'counter',
    };
  }

  async start<T extends Trigger>(trigger: T): Promise<T> {
    this.#triggers.push(trigger);
    await trigger.start();
    return trigger;
  }

  /** Stops all triggers and forgets what they reported. */
  async close(): Promise<void> {
    await Promise.all(this.#triggers.map((trigger) => trigger.stop(0)));
    this.#triggers = [];
    this.counts = {};
    this.lines = [];
    this.batches = [];
  }
}

class CountingWorkers extends DirectWorkers {
  readonly #sizes: number[];

  constructor(handle: (event: Event) => Answer | Promise<Answer>, sizes: number[]) {
    super(handle);
    this.#sizes = sizes;
  }

  override submitBatch(...[events, settle]: Parameters<DirectWorkers['submitBatch']>): void {
    this.#sizes.push(events.length);
    super.submitBatch(events, settle);
  }
}
