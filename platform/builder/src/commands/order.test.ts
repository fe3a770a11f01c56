import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { sendOrder } from './order.ts';
import { lineOf } from './protocol.ts';

const MIB = 1 << 20;
const { signal } = new AbortController();

/** Gives an order to an agent that answers so, and tells what the agent got and for how much room was asked. */
async function order(answer: (response: ServerResponse) => void, waitForRoom: () => Promise<void> = () => Promise.resolve()) {
  const got: Buffer[] = [];
  const server = createServer(async (request, response) => {
    got.push(await buffer(request));
    answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const rooms: number[] = [];
  const forResult = async (bytes: number) => {
    rooms.push(bytes);
    await waitForRoom();
  };
  const to = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, token: 't' };
  const sent = sendOrder(to, { commands: [['true']], env: {} }, Buffer.from('code'), { log: () => undefined, forResult, signal });
  return { sent, rooms, got };
}

const done = (bytes: number) => lineOf({ done: bytes, diffId: 'sha256:1' });

it('asks for room for what the commands left before it takes it, and takes it whole', async () => {
  const content = Buffer.alloc(5 * MIB, 'layer');
  const { promise: room, resolve: letIn } = Promise.withResolvers<void>();
  let isSent = false;
  const { sent, rooms, got } = await order(
    (response) => {
      response.write(lineOf({ log: 'a' }) + done(content.length));
      response.end(content, () => {
        isSent = true;
      });
    },
    () => room,
  );
  await expect.poll(() => rooms).toEqual([content.length]);
  letIn();

  const outcome = await sent;

  expect('layer' in outcome && outcome.layer.bytes.equals(content)).toBe(true);
  expect(outcome).toMatchObject({ layer: { size: content.length, diffId: 'sha256:1' } });
  expect(isSent).toBe(true);
  expect(got.map(String)).toEqual(['{"commands":[["true"]],"env":{}}\ncode']);
});

it.each([
  ['tells of more than a build may leave', done(161 * MIB), 'it sends too much'],
  ['sends more than it told of', `${done(3)}four`, 'it sends too much'],
  ['sends less than it told of', `${done(5)}four`, 'it went away'],
  ['tells of nothing', lineOf({ log: 'a' }), 'it went away'],
])('breaks off where the agent %s', async (_, answer, message) => {
  const { sent } = await order((response) => void response.end(answer));
  await expect(sent).rejects.toThrow(message);
});
