import { type IncomingMessage, request } from 'node:http';
import { annotations, ports } from '@ampoule/platform-api/constants';
import type { V1Pod } from '@ampoule/platform-api/kube/types';

/** What a processor has done since it began. */
export interface Activity {
  /** Times that a worker was given an event; it may be given the same one twice. */
  begun: number;
  /** Events that have ended. */
  handled: number;
  /** Those of them that their handler failed at, or that were refused. */
  failed: number;
  /** Events that have begun or wait, and have not ended; a processor of Nuclio does not say. */
  inHand: number;
  /** What partitions of streams had when this processor saw them last, also those that others have now. */
  partitions: PartitionLag[];
}

export interface PartitionLag {
  trigger: string;
  /** With its topic. */
  partition: string;
  /** The offset behind the last message. */
  highWater: number;
  /** Messages that are not committed. */
  lag: number;
}

/** Many may have to be asked in a look, and one that is that slow is asked again in the next one. */
const TIMEOUT_MS = 500;
/** A function with an image of its own may answer with anything. */
const MOST_BYTES = 1_048_576;
const HANDLED = 'nuclio_processor_handled_events_total';
const BEGUN = 'nuclio_processor_worker_allocation_total';
const IN_HAND = 'ampoule_processor_events_in_hand';
const LAG = 'nuclio_processor_stream_committed_lag';
const HIGH_WATER = 'nuclio_processor_stream_high_water_mark';
const SAMPLE = /^(\w+)(\{[^}\n]*\})? (\S+)/gm;

/** Asks the processor of a pod. @throws where it does not answer */
export async function activityOf({ metadata, status }: V1Pod): Promise<Activity> {
  const port = Number(metadata?.annotations?.[annotations.prometheusPullPort] ?? ports.metrics);
  return readActivity(await get(status?.podIP ?? '', port));
}

/** The counts in the text of Prometheus' format. Without them nobody can say what the function does. */
export function readActivity(metrics: string): Activity {
  const activity: Activity = { begun: 0, handled: 0, failed: 0, inHand: 0, partitions: [] };
  const lags = new Map<string, number>();
  const highWaters = new Map<string, number>();
  let isThere = false;
  for (const [, name, labels = '', text] of metrics.matchAll(SAMPLE)) {
    const value = Number(text);
    // What is no count would make none of all that it is added to.
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) continue;
    if (name === HANDLED) {
      activity.handled += value;
      if (labels.includes('result="failure"')) activity.failed += value;
      isThere = true;
    }
    if (name === IN_HAND) activity.inHand += value;
    if (name === LAG) lags.set(labels, value);
    if (name === HIGH_WATER) highWaters.set(labels, value);
    if (name === BEGUN && !labels.includes('error_timeout')) activity.begun += value;
  }
  if (!isThere) throw new Error(`the metrics hold no ${HANDLED}`);
  activity.partitions = [...lags].map(([labels, lag]) => ({
    trigger: labelOf(labels, 'trigger_id'),
    partition: `${labelOf(labels, 'topic')}/${labelOf(labels, 'partition')}`,
    highWater: highWaters.get(labels) ?? 0,
    lag,
  }));
  return activity;
}

function labelOf(labels: string, name: string): string {
  return new RegExp(`[{,]${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
}

function get(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host, port, path: '/metrics', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      if (response.statusCode === 200) {
        bodyOf(response).then(resolve, reject);
        return;
      }
      response.destroy();
      reject(new Error(`the processor answered ${response.statusCode}`));
    })
      .on('error', reject)
      .end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the metrics are longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
