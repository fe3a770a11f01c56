import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';

const CODE = `let ended = 0;
exports.handler = async (context, event) => {
  if (event.path === '/ended') return String(ended);
  if (event.path === '/bodiless') return new context.Response((async function* () { yield 'a'; yield 'b' })(), {}, 'text/plain', 204);
  if (event.path === '/large') return (async function* () { yield Buffer.alloc(96 << 20); yield 'end' })();
  await new Promise((resolve) => setTimeout(resolve, 200));
  return (async function* () { try { for (;;) yield Buffer.alloc(1 << 16) } finally { ended += 1 } })();
}`;

const MEBIBYTE = 1 << 20;
const KINDS = [
  ['a plain request', 'identity'],
  ['a request in chunks', 'chunked'],
] as const;

/** Sends a request; nothing of the answer's body is read before somebody asks for it. */
async function begin(url: string, coding: string) {
  const outgoing = request(url, { method: 'POST', headers: coding === 'chunked' ? { 'transfer-encoding': coding } : {} });
  outgoing.on('error', () => undefined);
  onTestFinished(() => void outgoing.destroy());
  outgoing.end(coding === 'chunked' ? 'x' : undefined);
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  if (response === undefined) throw new Error('no response');
  return response;
}

describe('an answer in pieces', () => {
  it.each(KINDS)('to %s costs a client that stops reading its connection, and not the worker', async (_, coding) => {
    const { url, lines } = await runProcessor(CODE, { eventTimeout: '1s' });
    const response = await begin(url, coding);

    expect((await call(`${url}/ended`)).body).toBe('1');

    await expect(response.toArray()).rejects.toThrow('aborted');
    expect(lines.filter((line) => line.includes('timed out'))).toEqual([]);
  });

  it.each(KINDS)('to %s goes on for as long as the client reads, however slowly', async (_, coding) => {
    const { url } = await runProcessor(CODE, { eventTimeout: '1s' });
    const response = await begin(`${url}/large`, coding);
    const next = call(`${url}/ended`);
    let [size, seen] = [0, 0];
    for await (const chunk of response) {
      size += chunk.length;
      if (size - seen < 2 * MEBIBYTE) continue;
      seen = size;
      await delay(100);
    }
    expect(size).toBe(96 * MEBIBYTE + 3);
    expect(await next).toMatchObject({ status: 200 });
  });

  it.each(KINDS)('to %s leaves its worker for others where the client has gone before it began', async (_, coding) => {
    const { url } = await runProcessor(CODE);
    const headers = coding === 'chunked' ? { 'transfer-encoding': coding } : {};
    const outgoing = request(url, { method: 'POST', headers });
    outgoing.on('error', () => undefined);
    outgoing.end(coding === 'chunked' ? 'x' : undefined);
    await once(outgoing, 'finish');
    await delay(100);

    outgoing.destroy();

    await expect.poll(async () => (await call(`${url}/ended`)).body, { timeout: 5000 }).toBe('1');
  });

  it('has no body where its status has none, and the next answer is not mistaken', async () => {
    const { url } = await runProcessor(CODE);
    const bodiless = await call(`${url}/bodiless`);
    expect(bodiless).toMatchObject({ status: 204, body: '' });
    expect(bodiless.headers.get('transfer-encoding')).toBeNull();
    expect(await call(`${url}/ended`)).toMatchObject({ status: 200, body: '0' });
  });
});
