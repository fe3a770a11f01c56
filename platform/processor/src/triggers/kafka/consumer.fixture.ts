import { appendFileSync } from 'node:fs';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Logger } from '../../logger.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import { KafkaTrigger } from './kafka.ts';

// A process of its own that a test can kill: BROKER TOPIC GROUP FILE. It notes in the file what it has handled.

const [, , broker = '', topic = '', consumerGroup = '', file = ''] = process.argv;
const HANDLING_MS = 3;

async function handle({ body }: Event) {
  await new Promise((resolve) => setTimeout(resolve, HANDLING_MS));
  appendFileSync(file, `${Buffer.from(body)}\n`);
  return textAnswer(200);
}

const attributes = {
  brokers: [broker],
  topics: [topic],
  consumerGroup,
  initialOffset: 'earliest',
  sessionTimeout: '2s',
  heartbeatInterval: '200ms',
};
const trigger = new KafkaTrigger({
  index: 0,
  name: 'events',
  config: { kind: 'kafka-cluster', attributes },
  workers: new DirectWorkers(handle),
  logger: new Logger('fixture'),
  metrics: { streamGauge: () => {}, forgetStream: () => {}, count: () => {} },
  namespace: 'test-space',
  functionName: 'counter',
});
await trigger.start();
