import type { Workers } from '../engine/workers.ts';
import type { Trigger as TriggerConfig } from '../function-config.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** What a trigger is made from. Its maker parses `config.attributes` by a schema of its own. */
export interface TriggerContext {
  /** Index for the events of this trigger. */
  index: number;
  name: string;
  config: TriggerConfig;
  workers: Workers;
  logger: Logger;
  metrics: Metrics;
  /** Whether handlers take bodies while these come. */
  streamsRequests?: boolean;
  /** How long a handler may take; unlimited when absent. */
  eventTimeoutMs?: number | undefined;
  /** For names that a trigger makes up, such as a queue's. */
  namespace: string;
  functionName: string;
  /** The function's own; Nuclio takes attributes of Kafka triggers from there too. */
  annotations?: Record<string, string>;
}

/** A source of events. */
export interface Trigger {
  readonly kind: string;
  /** Begins to take events; settles once it does, or rejects where the configuration cannot work. */
  start(): Promise<void>;
  /** Takes no more events, and ends when those in hand are settled and recorded at their source, or after the given time. */
  stop(limitMs: number): Promise<void>;
}

export type TriggerMaker = (context: TriggerContext) => Trigger;
