import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { kinesisKeys } from '../../../../../airgap-tests/brokers/kinesis.ts';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Logger } from '../../logger.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import { KinesisTrigger } from './kinesis.ts';

// A process of its own that a test can kill: ENDPOINT STREAM CHECKPOINTS FILE. It notes in the file what it has handled.

const [, , endpoint = '', streamName = '', checkpointFile = '', file = ''] = process.argv;
const HANDLING_MS = 3;

async function handle({ body }: Event) {
  await sleep(HANDLING_MS);
  appendFileSync(file, `${Buffer.from(body)}\n`);
  return textAnswer(200);
}

const { accessKeyID, secretAccessKey, region: regionName } = kinesisKeys;
const stream = { endpoint, streamName, checkpointFile, iteratorType: 'TRIM_HORIZON' };
const trigger = new KinesisTrigger({
  index: 0,
  name: 'events',
  config: { kind: 'kinesis', attributes: { accessKeyID, secretAccessKey, regionName, ...stream } },
  workers: new DirectWorkers(handle),
  logger: new Logger('fixture'),
  metrics: { streamGauge: () => {}, forgetStream: () => {}, count: () => {} },
  namespace: 'test-space',
  functionName: 'counter',
});
await trigger.start();
