import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { startNats } from '../testing/invoker.ts';
import { bytesAt, headersAt } from './size.ts';

async function startStream(messages: number) {
  const nats = await startNats();
  const connection = await connect({ servers: nats.url.replace('nats://', '') });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'S', subjects: ['s.*'] });
  await Promise.all(Array.from({ length: messages }, (_, i) => manager.jetstream().publish(`s.${i}`, new Uint8Array(10))));
  return { connection, manager, stream: 'S' };
}

it('counts the bytes of all messages, however many there are, and leaves nothing behind', async () => {
  const from = await startStream(1203);

  expect(await bytesAt(from, 's.*')).toBe(1203 * 10);
  expect(await bytesAt(from, 's.7')).toBe(10);
  expect(await bytesAt(from, 's.none')).toBe(0);

  expect((await from.manager.streams.info('S')).state.consumer_count).toBe(0);
});

it('does not wait for messages that go away while it counts', async () => {
  const from = await startStream(700);
  const count = async () => {
    let found = 0;
    for await (const _ of headersAt(from, 's.*')) if (++found === 500) await from.manager.streams.purge('S');
    return found;
  };

  expect(await Promise.race([count(), delay(3000, 'it waits')])).toBe(500);
});
