import { parse } from '@ampoule/lib/parse';
import * as z from 'zod/mini';
import type { Event } from '../../engine/event.ts';
import type { Trigger } from '../../function-config.ts';
import { zodOf } from '../../schema.ts';
import type { Delivery, Outcome } from './delivery.ts';
import { millisecondsOf } from './duration.ts';
import { Gatherer } from './gatherer.ts';

const batchSchema = z.object({
  mode: z._default(z.enum(['enable', 'disable', '']), 'disable'),
  batchSize: z._default(z.coerce.number().check(z.int(), z.minimum(1, 'Batch size should be 1 or higher')), 10),
  timeout: z.prefault(z.pipe(z.string(), z.transform(millisecondsOf)), '1s'),
});

export interface BatchPolicy {
  size: number;
  /** How long the first event of a batch waits for others. */
  timeoutMs: number;
}

/** The `batch` of a trigger; undefined where its events go one by one. @throws AMP_INPUT_INVALID */
export function batchPolicyOf({ batch }: Trigger, name: string): BatchPolicy | undefined {
  const { mode, batchSize, timeout } = parse(zodOf(batchSchema), batch ?? {}, `The batch of trigger ${name}`);
  return mode === 'enable' ? { size: batchSize, timeoutMs: timeout } : undefined;
}

/** Delivers events in batches, where their source lets several go at a time. */
export class Batcher {
  readonly #gatherer: Gatherer<Outcome>;

  constructor(delivery: Delivery, policy: BatchPolicy) {
    this.#gatherer = new Gatherer(policy, (events, settle) => void delivery.deliverBatch(events).then(settle));
  }

  deliver(event: Event): Promise<Outcome> {
    return new Promise((resolve) => this.handOver(event, resolve));
  }

  /** As `deliver`, without a promise for each event. */
  handOver(event: Event, settle: (outcome: Outcome) => void): void {
    this.#gatherer.add(event, settle);
  }

  /** Hands over what there is, and from then on each event at once. */
  close(): void {
    this.#gatherer.close();
  }
}
