import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';

const MEBIBYTE = 1 << 20;
const CODE = `let failure = 'none';
const sizeOf = async (body) => { let size = 0; for await (const chunk of body) size += chunk.length; return size };
let release;
const released = new Promise((resolve) => { release = resolve });
const held = async (reader) => {
  let { value, done } = await reader.read();
  let size = 0;
  await released;
  for (; !done; ({ value, done } = await reader.read())) size += value.length;
  return String(size);
};
exports.handler = async (context, event) => {
  switch (event.path) {
    case '/echo': return new context.Response(event.body, {}, 'text/plain');
    case '/kind': return event.body.constructor.name + ' ' + event.size + ' ' + await new globalThis.Response(event.body).text();
    case '/size': try { return String(await sizeOf(event.body)) } catch (error) { failure = error.message; throw error }
    case '/failure': return failure;
    case '/held': return held(event.body.getReader());
    case '/release': release(); return '';
    case '/first': for await (const chunk of event.body) return String(chunk[0]);
    case '/exit': for await (const chunk of event.body) process.exit(3);
    case '/unread': return 'unread';
    case '/json': return JSON.stringify(event);
  }
}`;
const STREAMS = { runtimeAttributes: { streamRequests: true } };
const run = (spec: Record<string, unknown> = {}) => runProcessor(CODE, { ...STREAMS, ...spec });
const withLimit = (bytes: number) => ({ trigger: { attributes: { maxRequestBodySize: bytes } } });

function begin(url: string, options: RequestOptions = {}): { outgoing: ClientRequest; answer: Promise<IncomingMessage> } {
  const outgoing = request(url, { method: 'POST', ...options });
  outgoing.on('error', () => undefined);
  const { promise: answer, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  answer.catch(() => undefined);
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.flushHeaders();
  onTestFinished(() => void outgoing.destroy());
  return { outgoing, answer };
}

async function textOf(answer: Promise<IncomingMessage>): Promise<{ status: number | undefined; body: string }> {
  const response = await answer;
  const chunks: Buffer[] = await response.toArray();
  return { status: response.statusCode, body: Buffer.concat(chunks).toString() };
}

describe('a function that streams requests', () => {
  it.each([
    ['in chunks', {}],
    ['of a known length', { headers: { 'content-length': '6' } }],
  ])('reads a body %s while it comes, and may answer while it does', async (_, options) => {
    const { url } = await run();
    const { outgoing, answer } = begin(`${url}/echo`, options);

    outgoing.write('one');
    const response = await answer;
    const [first] = await once(response, 'data');
    outgoing.end('two');
    const rest: Buffer[] = await response.toArray();

    expect([String(first), Buffer.concat(rest).toString()]).toEqual(['one', 'two']);
  });

  it('gets a stream also where the body was there at once, or there is none', async () => {
    const { url } = await run();
    expect(await call(`${url}/kind`, { method: 'POST', body: 'small' })).toMatchObject({ body: 'ReadableStream 5 small' });
    expect(await call(`${url}/kind`)).toMatchObject({ body: 'ReadableStream 0 ' });
    expect(JSON.parse((await call(`${url}/json`, { method: 'POST', body: 'small' })).body)).not.toHaveProperty('body');
  });

  it('keeps the sender waiting where its handler reads no further, and loses nothing', async () => {
    const { url } = await run({ trigger: { mode: 'async', attributes: { maxRequestBodySize: 65 * MEBIBYTE } } });
    const { outgoing, answer } = begin(`${url}/held`);
    for (let i = 0; i < 64; i += 1) outgoing.write(Buffer.alloc(MEBIBYTE));
    outgoing.end();
    await delay(1000);

    // The rest is what the kernel keeps for the connection.
    expect(outgoing.socket?.bytesWritten).toBeGreaterThan(0);
    expect(outgoing.writableLength + (outgoing.socket?.writableLength ?? 0)).toBeGreaterThan(32 * MEBIBYTE);
    await call(`${url}/release`);

    expect(await textOf(answer)).toEqual({ status: 200, body: String(64 * MEBIBYTE) });
  });

  it('never sees a body that is said to be too large, and learns of one that turns out to be; both are answered with 413', async () => {
    const { url } = await run(withLimit(MEBIBYTE));

    expect((await begin(`${url}/size`, { headers: { 'content-length': String(MEBIBYTE + 1) } }).answer).statusCode).toBe(413);
    expect(await call(`${url}/failure`)).toMatchObject({ body: 'none' });
    const { outgoing, answer } = begin(`${url}/size`);
    outgoing.write(Buffer.alloc(MEBIBYTE));
    outgoing.end('x');
    expect((await answer).statusCode).toBe(413);
    await expect.poll(async () => (await call(`${url}/failure`)).body).toBe(`The request has more than ${MEBIBYTE} bytes`);
  });

  it('takes a body of the largest size', async () => {
    const { url } = await run(withLimit(MEBIBYTE));
    expect(await call(`${url}/size`, { method: 'POST', body: Buffer.alloc(MEBIBYTE) })).toMatchObject({ body: String(MEBIBYTE) });
  });

  it('learns that the client has gone, and serves the next event', async () => {
    const { url } = await run();
    const { outgoing } = begin(`${url}/size`);
    outgoing.write('x');
    await delay(100);

    outgoing.destroy();

    await expect.poll(async () => (await call(`${url}/failure`)).body).toBe('The client went before its request was whole');
  });

  it.each(['/first', '/unread'])('that does not read all (%s) leaves the connection for the next request', async (path) => {
    const { url } = await run();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const large = begin(url + path, { agent, headers: { 'content-length': String(MEBIBYTE) } });
    large.outgoing.end(Buffer.alloc(MEBIBYTE, 1));
    expect(await textOf(large.answer)).toEqual({ status: 200, body: path === '/first' ? '1' : 'unread' });

    const next = begin(`${url}/echo`, { agent });
    next.outgoing.end('next');

    expect(await textOf(next.answer)).toEqual({ status: 200, body: 'next' });
    expect(next.outgoing.reusedSocket).toBe(true);
  });

  it('that leaves a large rest unread has its answer sent, and the connection ended', async () => {
    const { url } = await run(withLimit(1024 * MEBIBYTE));
    const { outgoing, answer } = begin(`${url}/unread`, { headers: { 'content-length': String(1024 * MEBIBYTE) } });
    outgoing.write('x');
    expect(await textOf(answer)).toEqual({ status: 200, body: 'unread' });

    const closed = new Promise((resolve) => outgoing.once('close', resolve));
    for (let i = 0; i < 16; i += 1) outgoing.write(Buffer.alloc(MEBIBYTE));
    await closed;

    expect(await call(`${url}/unread`)).toMatchObject({ status: 200 });
  });

  it('that ends while it reads fails that event alone', async () => {
    const { url } = await run();
    const { outgoing, answer } = begin(`${url}/exit`);
    outgoing.write('x');

    expect((await answer).statusCode).toBe(500);
    expect(await call(`${url}/kind`, { method: 'POST', body: 'x' })).toMatchObject({ body: 'ReadableStream 1 x' });
  });

  it('is not late for as long as its body comes', async () => {
    const { url } = await run({ eventTimeout: '1s' });
    const { outgoing, answer } = begin(`${url}/size`);
    for (let i = 0; i < 5; i += 1) {
      outgoing.write(Buffer.alloc(MEBIBYTE / 2));
      await delay(300);
    }
    outgoing.end();
    expect(await textOf(answer)).toEqual({ status: 200, body: String((5 * MEBIBYTE) / 2) });
    const slow = begin(`${url}/size`);
    for (let i = 0; i < 15; i += 1) {
      slow.outgoing.write('x');
      await delay(100);
    }
    slow.outgoing.end();
    expect(await textOf(slow.answer)).toEqual({ status: 200, body: '15' });
    const stuck = begin(`${url}/size`);
    stuck.outgoing.write('x');
    expect((await stuck.answer).statusCode).toBe(408);
  });

  it.each(['sync', 'async'])(
    'answers a client that sends no further with 408, closes its connection, and keeps its worker (%s)',
    async (mode) => {
      const { url, lines } = await run({ eventTimeout: '500ms', trigger: { mode, numWorkers: 1 } });
      let isOver = false;
      const statuses: number[] = [];
      const traffic = (async () => {
        while (!isOver) statuses.push((await call(`${url}/unread`)).status);
      })();
      const { outgoing, answer } = begin(`${url}/size`);
      const closed = once(outgoing, 'close');
      outgoing.write('x');

      expect(await textOf(answer)).toEqual({ status: 408, body: 'Request Timeout' });

      isOver = true;
      await traffic;
      outgoing.end();
      await closed;
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(await call(`${url}/failure`)).toMatchObject({ body: 'The rest of the request did not come in time' });
      expect(lines.filter((line) => line.includes('timed out'))).toEqual([]);
    },
  );

  it('gets CloudEvents and batches as streams of what has come whole', async () => {
    const { url } = await run();
    const { outgoing, answer } = begin(`${url}/kind`, { headers: { 'content-type': 'application/cloudevents+json' } });
    outgoing.write('{"specversion":"1.0","id":"1","source":"/","type":"t",');
    await delay(50);
    outgoing.end('"datacontenttype":"text/plain","data":"inside"}');
    expect(await textOf(answer)).toMatchObject({ body: 'ReadableStream 6 inside' });

    const batches = await runProcessor(
      'exports.handler = async (_, events) => Promise.all(events.map(({ body }) => new Response(body).text()))',
      { ...STREAMS, trigger: { batch: { mode: 'enable', batchSize: 2, timeout: '5s' } } },
    );
    const bodies = await Promise.all(['a', 'b'].map((body) => call(batches.url, { method: 'POST', body })));
    expect(bodies.map(({ body }) => body)).toEqual(['a', 'b']);
  });

  it('has to be in JavaScript', async () => {
    const python = runProcessor('def handler(context, event): pass', { runtime: 'python', ...STREAMS }, 'main.py');
    await expect(python).rejects.toThrow(/streamRequests.*is for JavaScript alone/);
  });
});
