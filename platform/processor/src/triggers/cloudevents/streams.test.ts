import { expect, it } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';

const CODE = `exports.handler = (context, event) => {
  if (event.path === '/plain') return 'plain';
  let left = 64;
  const pull = (controller) => (left-- > 0 ? controller.enqueue(Buffer.alloc(65536)) : controller.close());
  return new context.Response(new ReadableStream({ pull }), {}, 'text/plain');
};`;

it('leaves its worker free where each event of a batch is answered in pieces', async () => {
  const { url } = await runProcessor(CODE);
  const event = (id: string) => ({ specversion: '1.0', id, source: '/', type: 't', data: id });
  const headers = { 'content-type': 'application/cloudevents-batch+json' };

  const batch = await call(url, { method: 'POST', headers, body: JSON.stringify([event('1'), event('2')]) });

  expect({ status: batch.status, bytes: batch.body.length }).toEqual({ status: 200, bytes: 64 * 65_536 });
  expect((await call(`${url}/plain`)).body).toBe('plain');
});
