import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Admin, Producer } from '@platformatic/kafka';

const AT_A_TIME = 5000;

interface Amount {
  events: number;
  bytes: number;
}

/** Makes a topic and fills its partitions alike. */
export async function fillTopic(broker: string, options: Amount & { topic: string; partitions: number }): Promise<void> {
  const { topic, partitions, events, bytes } = options;
  const base = { clientId: 'bench', bootstrapBrokers: [broker], retries: 10, retryDelay: 200 };
  const admin = new Admin(base);
  await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
  await admin.close();
  const producer = new Producer(base);
  const value = Buffer.alloc(bytes, 'x');
  for (let sent = 0, partition = 0; sent < events; sent += AT_A_TIME, partition = (partition + 1) % partitions) {
    await producer.send({ messages: Array.from({ length: AT_A_TIME }, () => ({ topic, partition, value })) });
  }
  await producer.close();
}

/** Makes a stream and fills it. */
export async function fillJetStream(url: string, options: Amount & { stream: string; subject: string }): Promise<void> {
  const { stream, subject, events, bytes } = options;
  const connection = await connect({ servers: url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: stream, subjects: [subject] });
  const client = jetstream(connection);
  const value = Buffer.alloc(bytes, 'x');
  for (let sent = 0; sent < events; sent += AT_A_TIME) {
    for (let i = 1; i < AT_A_TIME; i += 1) connection.publish(subject, value);
    // Its acknowledgement comes after those of all before it.
    await client.publish(subject, value);
  }
  await connection.drain();
}
