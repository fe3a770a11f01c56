import { setTimeout as delay } from 'node:timers/promises';

const BYTES = Uint8Array.of(0, 1, 127, 128, 254, 255);
let ticks = [];

const outputs = {
  '/text': () => 'grüße €',
  '/empty': () => '',
  '/bytes': () => BYTES,
  '/json': () => ({ a: 'ä', n: [1, { b: null }] }),
  '/list': () => [1, 'two', null],
  '/number': () => 42,
  // A promise of nothing is an answer too.
  '/nothing': () => undefined,
  '/status-text': () => [201, 'made'],
  '/status-json': () => [202, { made: true }],
  '/status-bytes': () => [203, BYTES],
  '/no-content': () => [204, ''],
  '/response': ({ Response }) => new Response('<b>', { 'X-Text': 'v 1', 'x-number': 7 }, 'text/html', 203),
  '/response-json': ({ Response }) => new Response({ a: 1 }),
  '/response-bytes': ({ Response }) => new Response(Buffer.from(BYTES).toString('base64'), {}, 'image/png', 200, 'base64'),
  '/response-type': ({ Response }) => new Response('a,b', { 'Content-Type': 'text/csv' }),
  '/response-length': ({ Response }) => new Response('abc', { 'Content-Length': '1', Connection: 'close' }),
  '/bad-status': ({ Response }) => new Response('', {}, 'text/plain', 999),
  '/interim-status': ({ Response }) => new Response('', {}, 'text/plain', 102),
  '/bad-header': ({ Response }) => new Response('', { 'x-a': '1\r\nx-b: 2' }),
  '/error': () => [500, 'some error'],
  '/exception': () => Promise.reject(new Error('some exception')),
  '/nonsense': () => {
    const output = {};
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
  '/echo': (_, event) => event.body,
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
  '/slow': () => {
    for (;;);
  },
  '/pause': () => delay(600, 'rested'),
};

function shown(event) {
  const { id, type, method, path, url, size, contentType, headers, fields, trigger, timestamp } = event;
  return {
    ...{ id, type, method, path, url, size, contentType, headers, fields },
    body: event.body.toString(),
    trigger: { kind: trigger.kind, name: trigger.name },
    timestamp: timestamp.getTime(),
  };
}

function batchOutput({ Response }, events) {
  if (events.some(({ path }) => path === '/exception')) throw new Error('some exception');
  return events
    .filter(({ path }) => path !== '/unanswered')
    .reverse()
    .map((event) => new Response(`${event.body} of ${events.length}`, {}, 'text/plain', 200, 'text', event.id));
}

export async function handler(context, event) {
  if (Array.isArray(event)) return batchOutput(context, event);
  if (event.trigger.kind === 'cron') {
    ticks = [...ticks, shown(event)];
    return 'ticked';
  }
  return event.path.startsWith('/event') ? shown(event) : outputs[event.path](context, event);
}
