import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';

const CODE = `let ended = 0;
exports.handler = async (context, event) => {
  if (event.path === '/ended') return String(ended);
  if (event.path === '/bodiless') return new context.Response((async function* () { yield 'a'; yield 'b' })(), {}, 'text/plain', 204);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return (async function* () { try { for (;;) yield Buffer.alloc(1 << 16) } finally { ended += 1 } })();
}`;

describe('an answer in pieces', () => {
  it.each([
    ['a plain request', 'identity'],
    ['a request in chunks', 'chunked'],
  ])('to %s leaves its worker for others where the client has gone before it began', async (_, coding) => {
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
