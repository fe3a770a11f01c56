import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, it, onTestFinished } from 'vitest';
import { startNats } from '../testing/invoker.ts';
import { type PageOptions, pageOf } from './page.ts';

const LIMIT = 7;

async function startStream() {
  const nats = await startNats();
  const connection = await connect({ servers: nats.url.replace('nats://', '') });
  onTestFinished(() => connection.close());
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'S', subjects: ['s.*.*'], max_msgs_per_subject: 1 });
  const write = (subject: string) => manager.jetstream().publish(subject, new Uint8Array(10));
  const page = async (options: PageOptions) => {
    const { items, next } = await pageOf({ connection, manager, stream: 'S' }, options);
    return { subjects: items.map(({ subject }) => subject), next };
  };
  const pages = async (subject: string) => {
    const all: string[][] = [];
    for (let before: number | undefined, isMore = true; isMore; ) {
      const { subjects, next } = await page({ subject, limit: LIMIT, before });
      all.push(subjects);
      before = next;
      isMore = next !== undefined;
    }
    return all;
  };
  return { manager, write, page, pages };
}

it('brings everything in pages, what was written last first, also where most of the stream was rewritten', async () => {
  const { write, pages } = await startStream();
  for (let i = 0; i < 40; i++) await write(`s.${i}.${i % 3 === 0 ? 'a' : 'b'}`);
  // A gap of many places, which are no messages any more.
  for (let round = 0; round < 30; round++) for (let i = 10; i < 15; i++) await write(`s.${i}.${i % 3 === 0 ? 'a' : 'b'}`);
  const numbers = [14, 13, 12, 11, 10, ...Array.from({ length: 40 }, (_, i) => 39 - i).filter((i) => i < 10 || i > 14)];
  const expected = numbers.map((i) => `s.${i}.${i % 3 === 0 ? 'a' : 'b'}`);

  const all = await pages('s.*.*');
  const some = await pages('s.*.a');

  expect(all.flat()).toEqual(expected);
  expect(all.map((each) => each.length)).toEqual([7, 7, 7, 7, 7, 5]);
  expect(some.flat()).toEqual(expected.filter((subject) => subject.endsWith('a')));
  expect(some.map((each) => each.length)).toEqual([7, 7]);
  expect(await pages('s.*.c')).toEqual([[]]);
});

it('goes on where it was, whatever is written or removed meanwhile', async () => {
  const { manager, write, page } = await startStream();
  for (let i = 0; i < 30; i++) await write(`s.${i}.a`);
  const first = await page({ subject: 's.*.*', limit: 10 });
  for (let i = 30; i < 50; i++) await write(`s.${i}.a`);
  await write('s.15.a');
  await manager.streams.deleteMessage('S', 18);

  const second = await page({ subject: 's.*.*', limit: 10, before: first.next });

  expect(first.subjects).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20].map((i) => `s.${i}.a`));
  expect(second.subjects).toEqual([19, 18, 16, 14, 13, 12, 11, 10, 9, 8].map((i) => `s.${i}.a`));
  expect(await page({ subject: 's.*.*', limit: 10, before: 1 })).toEqual({ subjects: [], next: undefined });
});

it('leaves nothing behind', async () => {
  const { manager, write, pages } = await startStream();
  expect(await pages('s.*.*')).toEqual([[]]);
  for (let i = 0; i < 20; i++) await write(`s.${i}.a`);
  await pages('s.*.*');
  expect((await manager.streams.info('S')).state.consumer_count).toBe(0);
});
