import { request } from 'node:http';
import { text } from 'node:stream/consumers';
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
}

const TIMEOUT_MS = 2000;
const HANDLED = 'nuclio_processor_handled_events_total';
const BEGUN = 'nuclio_processor_worker_allocation_total';
const IN_HAND = 'ampoule_processor_events_in_hand';
const SAMPLE = /^(\w+)(\{[^}]*\})? (\S+)/gm;

/** Asks the processor of a pod. @throws where it does not answer */
export async function activityOf({ metadata, status }: V1Pod): Promise<Activity> {
  const port = Number(metadata?.annotations?.[annotations.prometheusPullPort] ?? ports.metrics);
  return readActivity(await get(status?.podIP ?? '', port));
}

/** The counts in the text of Prometheus' format. Without them nobody can say what the function does. */
export function readActivity(metrics: string): Activity {
  const activity: Activity = { begun: 0, handled: 0, failed: 0, inHand: 0 };
  let isThere = false;
  for (const [, name, labels = '', value] of metrics.matchAll(SAMPLE)) {
    if (name === HANDLED) {
      activity.handled += Number(value);
      if (labels.includes('result="failure"')) activity.failed += Number(value);
      isThere = true;
    }
    if (name === IN_HAND) activity.inHand += Number(value);
    if (name === BEGUN && !labels.includes('error_timeout')) activity.begun += Number(value);
  }
  if (!isThere) throw new Error(`the metrics hold no ${HANDLED}`);
  return activity;
}

function get(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host, port, path: '/metrics', agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      if (response.statusCode === 200) text(response).then(resolve, reject);
      else reject(new Error(`the processor answered ${response.statusCode}`));
    })
      .on('error', reject)
      .end();
  });
}
