import { parse } from '@ampoule/lib/parse';
import type { Trigger } from '@ampoule/platform-api/function';
import * as z from 'zod';
import type { Event } from '../../engine/event.ts';
import type { Delivery, Outcome } from './delivery.ts';
import { Gatherer } from './gatherer.ts';
import { durationSchema } from './policy.ts';

const batchSchema = z.object({
  mode: z.enum(['enable', 'disable', '']).default('disable'),
  batchSize: z.coerce.number().int().min(1, 'Batch size should be 1 or higher').default(10),
  timeout: durationSchema.prefault('1s'),
});

export interface BatchPolicy {
  size: number;
  /** How long the first event of a batch waits for others. */
  timeoutMs: number;
}

/** The `batch` of a trigger; undefined where its events go one by one. @throws AMP_INPUT_INVALID */
export function batchPolicyOf({ batch }: Trigger, name: string): BatchPolicy | undefined {
  const { mode, batchSize, timeout } = parse(batchSchema, batch ?? {}, `The batch of trigger ${name}`);
  return mode === 'enable' ? { size: batchSize, timeoutMs: timeout } : undefined;
}

/** Delivers events in batches, where their source lets several go at a time. */
export class Batcher {
  readonly #gatherer: Gatherer<Outcome>;

  constructor(delivery: Delivery, policy: BatchPolicy) {
    this.#gatherer = new Gatherer(policy, (events, settle) => void delivery.deliverBatch(events).then(settle));
  }

  deliver(event: Event): Promise<Outcome> {
    return new Promise((resolve) => this.#gatherer.add(event, resolve));
  }

  /** Hands over what there is, for example because nothing will follow. */
  flush(): void {
    this.#gatherer.flush();
  }
}
