import { setTimeout as delay } from 'node:timers/promises';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { Kafka } from '../../brokers/kafka.ts';
import { NatsServer } from '../../brokers/nats.ts';
import { ours } from './contestants.ts';
import { fillJetStream, fillTopic } from './fill.ts';
import { Server } from './server.ts';
import { type Spread, spread } from './spread.ts';

const PORT = 29_300;
const RUNS = 3;
const EVENTS = 2_000_000;
const EVENT_BYTES = 100;
const PARTITIONS = 4;
const LIMIT_MS = 180_000;
const BATCH = { mode: 'enable', batchSize: 1000, timeout: '10ms' };

const countSchema = z.object({ count: z.number(), bytes: z.number() });

/** Events a second from a full topic through one processor with one worker into a JavaScript handler that gets lists. */
export async function benchStreams(progress: (text: string) => void): Promise<Record<string, Spread>> {
  return { kafka: await fromKafka(progress), 'nats, JetStream': await fromNats(progress) };
}

async function fromKafka(progress: (text: string) => void): Promise<Spread> {
  const broker = await Kafka.start();
  try {
    await fillTopic(broker.plain, { topic: 'events', partitions: PARTITIONS, events: EVENTS, bytes: EVENT_BYTES });
    const trigger = (run: number) => ({
      kind: 'kafka-cluster',
      batch: BATCH,
      attributes: { brokers: [broker.plain], topics: ['events'], consumerGroup: `bench-${run}`, initialOffset: 'earliest' },
    });
    return await measure('kafka', trigger, progress);
  } finally {
    await broker.stop();
  }
}

async function fromNats(progress: (text: string) => void): Promise<Spread> {
  const server = await NatsServer.start();
  try {
    await fillJetStream(server.url, { stream: 'events', subject: 'events', events: EVENTS, bytes: EVENT_BYTES });
    const trigger = (run: number) => ({
      kind: 'nats',
      url: server.url,
      batch: BATCH,
      attributes: {
        topic: 'events',
        jetStream: { stream: 'events', durable: `bench-${run}`, deliverPolicy: 'all', maxAckPending: 20_000 },
      },
    });
    return await measure('nats', trigger, progress);
  } finally {
    await server.stop();
  }
}

/** From the first event that was handled to the last, so without the start. */
async function measure(name: string, trigger: (run: number) => object, progress: (text: string) => void): Promise<Spread> {
  const rates: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    progress(`${name}, run ${run + 1} of ${RUNS}`);
    const spec = { runtime: 'nodejs', handler: 'stream.cjs:handler' };
    const command = await ours(
      spec,
      { workerAllocatorName: 'one' },
      { stream: { ...trigger(run), name: 'stream', workerAllocatorName: 'one' } },
    )(PORT);
    const { server } = await Server.start(PORT, command);
    try {
      rates.push(await rateOf(PORT));
    } finally {
      await server.stop();
    }
  }
  return spread(rates);
}

async function rateOf(port: number): Promise<number> {
  const until = performance.now() + LIMIT_MS;
  let first: { count: number; at: number } | undefined;
  for (;;) {
    const { count } = parseJson(countSchema, await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'the count');
    const at = performance.now();
    if (first !== undefined && count >= EVENTS) return Math.round(((count - first.count) / (at - first.at)) * 1000);
    if (count > 0) first ??= { count, at };
    if (at > until) throw new Error(`Only ${count} of ${EVENTS} events came`);
    await delay(5);
  }
}
