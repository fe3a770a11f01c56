// SERVER USER PASSWORD COUNT: gives the stream `orders` so many messages, makes it where it is not there, and writes as JSON what the consumer `worker` has left and has done.
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [servers = '', user = '', pass = '', count] = process.argv.slice(2);
const connection = await connect({ servers, user, pass });
const manager = await jetstreamManager(connection);
await manager.streams.add({ name: 'orders', subjects: ['orders.*'] });
for (let i = 0; i < Number(count); i++) await jetstream(connection).publish('orders.new', String(i));
const info = await manager.consumers.info('orders', 'worker').catch(() => undefined);
process.stdout.write(
  JSON.stringify({ left: (info?.num_pending ?? 0) + (info?.num_ack_pending ?? 0), done: info?.ack_floor.stream_seq ?? 0 }),
);
await connection.close();
