const BYTES = Buffer.from([0, 1, 127, 128, 254, 255]);

const outputs = {
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
  '/no-content': () => [204, ''],
  '/response': (context) => new context.Response('<b>', { 'X-Text': 'v 1', 'x-number': 7 }, 'text/html', 203),
  '/response-json': (context) => new context.Response({ a: 1 }),
  '/response-bytes': (context) => new context.Response(BYTES, {}, 'image/png'),
  '/response-type': (context) => new context.Response('a,b', { 'Content-Type': 'text/csv' }),
  '/response-length': (context) => new context.Response('abc', { 'Content-Length': '1', Connection: 'close' }),
  '/bad-status': (context) => new context.Response('', {}, 'text/plain', 999),
  '/interim-status': (context) => new context.Response('', {}, 'text/plain', 102),
  '/bad-header': (context) => new context.Response('', { 'x-a': '1\r\nx-b: 2' }),
  '/error': () => [500, 'some error'],
  '/exception': () => {
    throw new Error('some exception');
  },
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
  '/log': (context) => {
    context.logger.debug('Debug message');
    context.logger.infoWith('Info message', { source: 'rabbit', weight: 7 });
    context.logger.warn('Warn message');
    context.logger.errorWith('Error message', { nested: { a: [1] } });
    return 'logged';
  },
  '/log-much': (context) => {
    for (let i = 0; i < 50; i += 1) context.logger.info('x'.repeat(100));
    return 'logged';
  },
  '/ticks': (context) => context.userData.ticks ?? [],
  '/slow': () => new Promise(() => undefined),
  '/pause': () => new Promise((resolve) => setTimeout(resolve, 600, 'rested')),
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

function batchOutput(context, events) {
  if (events.some(({ path }) => path === '/exception')) throw new Error('some exception');
  return events
    .filter(({ path }) => path !== '/unanswered')
    .reverse()
    .map((event) => new context.Response(`${event.body} of ${events.length}`, {}, 'text/plain', 200, 'text', event.id));
}

exports.handler = (context, event) => {
  let output;
  if (Array.isArray(event)) output = batchOutput(context, event);
  else if (event.trigger.kind === 'cron') {
    context.userData.ticks = [...(context.userData.ticks ?? []), shown(event)];
    output = 'ticked';
  } else output = event.path.startsWith('/event') ? shown(event) : outputs[event.path](context, event);
  if (output instanceof Promise) output.then(context.callback);
  else context.callback(output);
};
