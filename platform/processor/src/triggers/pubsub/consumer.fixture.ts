import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Logger } from '../../logger.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import { PubSubTrigger } from './pubsub.ts';

// A process of its own that a test can kill: URL TOPIC FILE, and credentials where the library of Google looks for them. It notes in
// the file what it has handled.

const [, , url = '', topic = '', file = ''] = process.argv;
const HANDLING_MS = 3;

async function handle({ body }: Event) {
  await sleep(HANDLING_MS);
  appendFileSync(file, `${Buffer.from(body)}\n`);
  return textAnswer(200);
}

const subscriptions = [{ topic, shared: true }];
const trigger = new PubSubTrigger({
  index: 0,
  name: 'events',
  config: { kind: 'pubsub', url, attributes: { projectID: 'test-project', subscriptions } },
  workers: new DirectWorkers(handle),
  logger: new Logger('fixture'),
  metrics: { streamGauge: () => {}, forgetStream: () => {}, count: () => {} },
  namespace: 'test-space',
  functionName: 'counter',
});
await trigger.start();
