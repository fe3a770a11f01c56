import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../../runtime/javascript/context.ts';
import type { FunctionEvent } from '../../runtime/javascript/event.ts';

type Output = (context: Context, event: FunctionEvent) => unknown;

const BYTES: Buffer = Buffer.of(0, 1, 127, 128, 254, 255);
const ticks: object[] = [];

const outputs: Record<string, Output> = {
  '/text': () => 'grüße €',
  '/empty': () => '',
  '/bytes': () => BYTES,
  '/json': () => ({ a: 'ä', n: [1, { b: null }] }),
  '/list': () => [1, 'two', null],
  '/number': () => 42,
  '/nothing': () => null,
  '/status-text': () => [201, 'made'],
  '/status-json': () => [202, { made: true }],
  '/status-bytes': () => [203, BYTES],
  '/no-content': () => [204, null],
  '/response': ({ Response }) => new Response('<b>', { 'X-Text': 'v 1', 'x-number': 7 }, 'text/html', 203),
  '/response-json': ({ Response }) => new Response({ a: 1 }),
  '/response-bytes': ({ Response }) => new Response(BYTES, {}, 'image/png'),
  '/response-type': ({ Response }) => new Response('a,b', { 'Content-Type': 'text/csv' }),
  '/response-length': ({ Response }) => new Response('abc', { 'Content-Length': '1', Connection: 'close' }),
  '/bad-status': ({ Response }) => new Response('', {}, 'text/plain', 999),
  '/interim-status': ({ Response }) => new Response('', {}, 'text/plain', 102),
  '/bad-header': ({ Response }) => new Response('', { 'x-a': '1\r\nx-b: 2' }),
  '/error': () => [500, 'some error'],
  '/exception': () => {
    throw new Error('some exception');
  },
  '/nonsense': () => {
    const output: Record<string, unknown> = {};
    output.self = output;
    return output;
  },
  '/function': () => () => 'never called',
  '/exit': () => process.exit(3),
  '/print': () => {
    // biome-ignore lint/suspicious/noConsole: That handlers print is what is tried.
    console.log('a print');
    return 'printed';
  },
  '/echo': (_, { body }) => body,
  '/log': ({ logger }) => {
    logger.debug('Debug message');
    logger.infoWith('Info message', { source: 'rabbit', weight: 7 });
    logger.warn('Warn message');
    logger.errorWith('Error message', { nested: { a: [1] } });
    return 'logged';
  },
  '/log-much': ({ logger }) => {
    for (let i = 0; i < 50; i += 1) logger.info('x'.repeat(100));
    return 'logged';
  },
  '/ticks': () => ticks,
  // It hands its callback on and never calls it.
  '/slow': (context) => void context.callback,
  '/pause': () => delay(600, 'rested'),
};

function shown(event: FunctionEvent): object {
  const { id, type, method, path, url, size, contentType, headers, fields, timestamp, body } = event;
  const { kind, name } = event.trigger;
  const rest = { body: body.toString(), trigger: { kind, name }, timestamp: timestamp.getTime() };
  return { id, type, method, path, url, size, contentType, headers, fields, ...rest };
}

function batchOutput({ Response }: Context, events: FunctionEvent[]): unknown {
  if (events.some(({ path }) => path === '/exception')) throw new Error('some exception');
  return events
    .filter(({ path }) => path !== '/unanswered')
    .reverse()
    .map(({ body, id }) => new Response(`${body} of ${events.length}`, {}, 'text/plain', 200, 'text', id));
}

export function handler(context: Context, event: FunctionEvent | FunctionEvent[]): unknown {
  if (Array.isArray(event)) return batchOutput(context, event);
  if (event.trigger.kind === 'cron') {
    ticks.push(shown(event));
    return 'ticked';
  }
  return event.path.startsWith('/event') ? shown(event) : outputs[event.path]?.(context, event);
}
