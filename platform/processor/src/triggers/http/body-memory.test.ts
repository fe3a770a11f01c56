import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { runProcessor } from '../../testing/run-processor.ts';
import { giveBack, memoryFor } from './body-memory.ts';

it('is used again once it was given back, and not before', () => {
  const first = memoryFor(100_000);
  const second = memoryFor(100_000);
  expect(second.buffer).not.toBe(first.buffer);

  giveBack(first);

  expect(memoryFor(50_000)).toMatchObject({ buffer: first.buffer, length: 50_000 });
});

it('shows no request what others have sent, also where its handler looks at it after the answer', async () => {
  const { url } = await runProcessor(`const seen = [];
    exports.handler = (context, { path, body }) => {
      if (path === '/seen') return seen.map((each) => each.every((byte) => byte === each[0]) ? each[0] : 'mixed').join();
      seen.push(body);
      return String(body.length);
    }`);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const post = async (path: string, body: Buffer) => {
    const outgoing = request(url + path, { method: 'POST', agent, headers: { 'content-length': body.length } }).end(body);
    const [response] = await once(outgoing, 'response');
    return Buffer.concat(await response.toArray()).toString();
  };
  const sizes = [200_000, 100_000, 262_144, 300_000, 70_000];

  const lengths: string[] = [];
  for (const [i, size] of sizes.entries()) lengths.push(await post('/', Buffer.alloc(size, i + 1)));

  expect(lengths).toEqual(sizes.map(String));
  expect(await post('/seen', Buffer.alloc(0))).toBe('1,2,3,4,5');
});
