import { expect, it } from 'vitest';
import { Logger } from './logger.ts';
import { call, runProcessor } from './testing/run-processor.ts';

function linesOf(write: (logger: Logger) => void): unknown[] {
  const lines: string[] = [];
  write(new Logger('f', (line) => lines.push(line)));
  return lines.map((line) => JSON.parse(line));
}

it('keeps all of a record that JSON can hold where a part of it cannot be', () => {
  const order: Record<string, unknown> = { id: 7n, at: { place: 'here' } };
  order.self = order;
  order.bad = { toJSON: () => Promise.reject.call(undefined, 1) };

  const [record] = linesOf((logger) => logger.infoWith('An order', { order, count: 2 }));

  expect(record).toMatchObject({
    level: 'info',
    name: 'f',
    message: 'An order',
    with: { order: { id: '7', at: { place: 'here' } }, count: 2 },
  });
});

it('shows errors among the fields with their messages and stacks', () => {
  const [record, alone] = linesOf((logger) => {
    logger.errorWith('Failed', { error: new TypeError('no such order'), id: 1 });
    logger.errorWith('Failed', new RangeError('too large'));
  });

  expect(record).toMatchObject({ with: { error: expect.stringMatching(/^TypeError: no such order\n +at /), id: 1 } });
  expect(alone).toMatchObject({ with: expect.stringMatching(/^RangeError: too large\n +at /) });
});

it('puts such fields into the logs that an answer carries, too', async () => {
  const { url } = await runProcessor(`exports.handler = (context) => {
    const order = { id: 7n }; order.self = order;
    context.logger.infoWith('An order', { order, error: new Error('no such order') });
    return 'ok';
  }`);

  const { status, headers } = await call(url, { headers: { 'x-nuclio-log-level': 'info' } });

  expect(status).toBe(200);
  expect(JSON.parse(headers.get('x-nuclio-logs') ?? '')).toMatchObject([
    { message: 'An order', order: { id: '7' }, error: expect.stringContaining('no such order') },
  ]);
});
