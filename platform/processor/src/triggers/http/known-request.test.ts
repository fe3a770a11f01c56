import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { textAnswer } from '../../engine/text-answer.ts';
import type { Request } from './connection.ts';
import { PlainServer } from './plain-server.ts';

/** A connection to a server that answers with what it was asked. */
async function open(): Promise<{ client: Socket; requests: Request[]; ask: (request: string) => Promise<string> }> {
  const requests: Request[] = [];
  const server = new PlainServer({
    maxHead: 16_384,
    maxBody: 1 << 20,
    request(request, send) {
      requests.push(request);
      const { method, target, head, body } = request;
      send(textAnswer(200, `${method} ${target} ${head.toString('latin1').replaceAll('\r\n', '|')} ${body}`), '');
    },
  });
  onTestFinished(() => server.stop(0));
  const client = connect(await server.start({ host: '127.0.0.1', port: 0 }), '127.0.0.1');
  await once(client, 'connect');
  const ask = async (request: string) => {
    client.write(request, 'latin1');
    const [answer] = (await once(client, 'data')) as [Buffer];
    return answer.toString('latin1').split('\r\n\r\n')[1] ?? '';
  };
  return { client, requests, ask };
}

it('requests with one head again and again are the same ones, and any other byte makes another one', async () => {
  const { ask, requests } = await open();
  const request = 'GET /a HTTP/1.1\r\nhost: x\r\n\r\n';
  for (let i = 0; i < 4; i += 1) expect(await ask(request)).toBe('GET /a host: x| ');
  expect(await ask(request.replace('/a', '/b'))).toBe('GET /b host: x| ');
  expect(await ask(request.replace('x', 'y'))).toBe('GET /a host: y| ');
  expect(await ask(request.replace('GET', 'PUT'))).toBe('PUT /a host: x| ');
  expect(await ask(request)).toBe('GET /a host: x| ');
  // Told by its bytes, it is not even made again.
  expect(requests[3]).toBe(requests[2]);
});

it('bodies behind one head are each their own, and stay as they were', async () => {
  const { ask, requests } = await open();
  const head = 'POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n';
  for (const body of ['one', 'two', 'six', 'ten']) expect(await ask(head + body)).toBe(`POST /a host: x|content-length: 3| ${body}`);
  expect(requests.map(({ body }) => body.toString())).toEqual(['one', 'two', 'six', 'ten']);
});

it('a known head counts only where the whole request has come, and nothing behind it', async () => {
  const { client, requests, ask } = await open();
  const head = 'POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n';
  for (const body of ['one', 'two', 'six']) await ask(head + body);
  client.write(`${head}t`);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(await ask('en')).toMatch(/ten$/);
  client.write(`${head}one${head}two`);
  await expect.poll(() => requests.length).toBe(6);
  expect(requests.map(({ body }) => body.toString())).toEqual(['one', 'two', 'six', 'ten', 'one', 'two']);
});

it('connections do not mix up their heads', async () => {
  const [one, other] = [await open(), await open()];
  for (let i = 0; i < 4; i += 1) {
    const answers = await Promise.all([one.ask('GET /1 HTTP/1.1\r\nhost: x\r\n\r\n'), other.ask('GET /2 HTTP/1.1\r\nhost: y\r\n\r\n')]);
    expect(answers).toEqual(['GET /1 host: x| ', 'GET /2 host: y| ']);
  }
});
