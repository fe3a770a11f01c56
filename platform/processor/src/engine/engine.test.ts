import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { call, runProcessor } from '../testing/run-processor.ts';

const CRASHES = `
exports.handler = (context, event) => {
  if (event.path === '/exit') process.exit(3);
  if (event.path === '/throw-later') { setTimeout(() => { throw new Error('later') }, 1); return }
  if (event.path === '/loop') for (;;);
  if (event.path === '/later') { setTimeout(() => context.callback('late'), 2000); return }
  return 'ok ' + event.path;
}`;

async function callMany(url: string, paths: readonly string[]) {
  return Promise.all(paths.map(async (path) => ({ path, ...(await call(`${url}${path}`)) })));
}

describe('a worker', () => {
  it.each(['/exit', '/throw-later'])('that ends by itself (%s) loses the event it had begun and no other', async (bad) => {
    const { url, lines } = await runProcessor(CRASHES);
    const others = Array.from({ length: 40 }, (_, i) => `/${i}`);
    const answers = await callMany(url, [...others.slice(0, 20), bad, ...others.slice(20)]);
    const failed = answers.filter(({ status }) => status !== 200);
    expect(failed.map(({ path, status }) => ({ path, status }))).toEqual([{ path: bad, status: 500 }]);
    await expect.poll(() => lines.some((line) => line.includes('A worker ended by itself'))).toBe(true);
  });

  it('that loops for ever is replaced after the time-out, while all other events are answered', async () => {
    const { url } = await runProcessor(CRASHES, { eventTimeout: '200ms' });
    const others = Array.from({ length: 40 }, (_, i) => `/${i}`);
    const answers = await callMany(url, [...others.slice(0, 20), '/loop', ...others.slice(20)]);
    const failed = answers.filter(({ status }) => status !== 200);
    expect(failed.map(({ path, status, body }) => ({ path, status, body }))).toEqual([
      { path: '/loop', status: 408, body: '{"error":"handler timed out"}' },
    ]);
  });

  it('that is busy leaves its events to another that is free', async () => {
    const { url } = await runProcessor(CRASHES, { trigger: { numWorkers: 2 } });
    const order: string[] = [];
    const send = async (path: string) => {
      const { status } = await call(`${url}${path}`);
      order.push(status === 200 ? path : `${path} failed`);
    };
    const quick = Array.from({ length: 20 }, (_, i) => `/${i}`);
    await Promise.all(['/later', ...quick].map(send));
    expect(order.at(-1)).toBe('/later');
    expect([...order].sort()).toEqual([...quick, '/later'].sort());
  });

  it('has one event at a time, unless its trigger is async', async () => {
    const code = `let now = 0, most = 0;
      exports.handler = async () => { most = Math.max(most, ++now); await new Promise((r) => setTimeout(r, 20)); now--; return String(most) }`;
    const most = async (trigger: object) => {
      const { url } = await runProcessor(code, { trigger });
      const answers = await callMany(
        url,
        Array.from({ length: 8 }, () => '/'),
      );
      return Math.max(...answers.map(({ body }) => Number(body)));
    };
    expect(await most({})).toBe(1);
    expect(await most({ mode: 'async' })).toBe(8);
  });

  it('echoes bodies of every size up to the limit, many at a time', async () => {
    const { url } = await runProcessor('exports.handler = (context, event) => event.body', { trigger: { numWorkers: 2 } });
    const sizes = [0, 1, 100, 65_535, 65_536, 262_143, 300_000, 1_048_576, 4 * 1024 * 1024];
    const answers = await Promise.all(
      [...sizes, ...sizes].map(async (size, i) => {
        const body = Buffer.alloc(size, i + 1);
        const response = await fetch(url, { method: 'POST', body });
        return { size, isSame: Buffer.from(await response.arrayBuffer()).equals(body) };
      }),
    );
    expect(answers.filter(({ isSame }) => !isSame)).toEqual([]);
  });

  it('that has many events at a time answers for each by its own time, however many others end meanwhile', async () => {
    const code = `exports.handler = async (context, { path }) => {
      await new Promise((resolve) => setTimeout(resolve, path === '/never' ? 60_000 : 10));
      return 'ok';
    }`;
    const { url } = await runProcessor(code, { eventTimeout: '500ms', trigger: { mode: 'async' } });
    let isOver = false;
    const traffic = Promise.all(
      Array.from({ length: 4 }, async () => {
        const statuses: number[] = [];
        while (!isOver) statuses.push((await call(url)).status);
        return statuses;
      }),
    );

    const answer = await call(`${url}/never`, { signal: AbortSignal.timeout(10_000) }).finally(() => (isOver = true));

    expect(answer).toMatchObject({ status: 408, body: '{"error":"handler timed out"}' });
    // Others that ran in the same worker were not late.
    expect((await traffic).flat()).not.toContain(408);
  });

  it('gives lists of events to the handler where the trigger batches, and each its own answer', async () => {
    const code = `exports.handler = (context, events) => events.map((event) =>
      new context.Response(event.body.toString() + '/' + events.length, {}, undefined, 200, 'text', event.id))`;
    const { url } = await runProcessor(code, { trigger: { batch: { mode: 'enable', batchSize: 4, timeout: '100ms' } } });
    const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((body) => call(url, { method: 'POST', body })));
    expect(answers.map(({ body }) => body)).toEqual(['a/4', 'b/4', 'c/4', 'd/4', 'e/1']);
  });

  it('sends its logs along when the request asks for them by a level', async () => {
    const { url } = await runProcessor(`exports.handler = (context) => {
      context.logger.debug('d'); context.logger.infoWith('i', { n: 1 }); context.logger.warn('ü'); context.logger.errorWith('e', 'text'); return 'x' }`);
    const { headers } = await call(url, { headers: { 'x-nuclio-log-level': 'info' } });
    expect(JSON.parse(headers.get('x-nuclio-logs') ?? '')).toMatchObject([
      { time: expect.any(Number), level: 'info', message: 'i', n: 1 },
      { level: 'warn', message: 'ü' },
      { level: 'error', message: 'e', with: 'text' },
    ]);
    expect((await call(url)).headers.get('x-nuclio-logs')).toBeNull();
  });
});

describe('a connection', () => {
  /** Sends bytes, in parts, and gives all that comes back until the other side closes. */
  function exchange(url: string, parts: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
      void (async () => {
        for (const part of parts) {
          socket.write(part, 'latin1');
          await new Promise((next) => setTimeout(next, 20));
        }
      })();
    });
  }

  const ECHO = 'exports.handler = (context, event) => event.method + " " + event.path + " " + event.body';
  const CLOSE = 'connection: close\r\n';
  const bodiesOf = (text: string) =>
    text
      .split('\r\n\r\n')
      .slice(1)
      .map((each) => each.split('HTTP/1.1')[0]);

  it('answers pipelined requests in their order, whichever way their bytes are cut', async () => {
    const { url } = await runProcessor(ECHO);
    const text = `GET /1 HTTP/1.1\r\nhost: a\r\n\r\nPOST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\nhost: a\r\n${CLOSE}\r\n`;
    expect(bodiesOf(await exchange(url, [text]))).toEqual(['GET /1 ', 'POST /2 abc', 'GET /3 ']);
    expect(bodiesOf(await exchange(url, text.match(/[\s\S]{1,7}/g) ?? []))).toEqual(['GET /1 ', 'POST /2 abc', 'GET /3 ']);
  });

  it.each([
    [
      'a chunked body',
      `POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n${CLOSE}\r\n3\r\nabc\r\n0\r\n\r\n`,
      /^HTTP\/1.1 200 [\s\S]*POST \/c abc$/,
    ],
    [
      'an expectation',
      `POST /e HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n${CLOSE}\r\nabc`,
      /^HTTP\/1.1 100 [\s\S]*200 [\s\S]*POST \/e abc$/,
    ],
    ['a whole URL', `GET http://a/u/%41?x HTTP/1.1\r\nhost: a\r\n${CLOSE}\r\n`, /^HTTP\/1.1 200 [\s\S]*GET \/u\/A $/],
    ['HTTP/1.0', 'GET /o HTTP/1.0\r\n\r\n', /^HTTP\/1.1 200 [\s\S]*GET \/o $/],
    ['HEAD, with no body', `HEAD / HTTP/1.1\r\nhost: a\r\n${CLOSE}\r\n`, /^HTTP\/1.1 200 [\s\S]*\r\n\r\n$/],
  ])('serves %s', async (_, text, expected) => {
    const { url } = await runProcessor(ECHO);
    expect(await exchange(url, [text])).toMatch(expected);
  });

  it.each([
    ['two lengths', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
    ['a length and chunks', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nhost : a\r\n\r\n'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a bare line feed', 'GET / HTTP/1.1\nhost: a\r\nx: y\r\n\r\n'],
    ['a header with a zero byte', 'GET / HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n'],
    ['what is no HTTP at all', 'hello\r\n\r\n'],
  ])('refuses a request with %s', async (_, text) => {
    const { url } = await runProcessor(ECHO);
    expect(await exchange(url, [text])).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('an answer in pieces', () => {
  const TICKER = `exports.handler = async (context, event) => {
    if (event.path === '/fails') return (async function* () { yield 'a'; throw new Error('broke off') })();
    if (event.path === '/large') return new context.Response((async function* () { for (let i = 0; i < 64; i++) yield Buffer.alloc(1 << 20, i) })());
    if (event.path === '/plain') return 'plain';
    return new context.Response((async function* () {
      for (let i = 0; i < 3; i++) { yield 'tick ' + i + '\\n'; await new Promise((r) => setTimeout(r, 50)) }
    })(), { 'x-kind': 'ticks' }, 'text/event-stream');
  }`;

  it('comes piece by piece, and leaves the connection and the worker for what follows', async () => {
    const { url } = await runProcessor(TICKER);
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-kind')).toBe('ticks');
    const pieces: string[] = [];
    for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece).toString());
    expect(pieces.join('')).toBe('tick 0\ntick 1\ntick 2\n');
    expect(pieces.length).toBeGreaterThan(1);
    expect(await call(`${url}/plain`)).toMatchObject({ status: 200, body: 'plain' });
  });

  it('may be far larger than what is kept in memory', async () => {
    const { url } = await runProcessor(TICKER);
    let size = 0;
    for await (const piece of (await fetch(`${url}/large`)).body ?? []) size += piece.length;
    expect(size).toBe(64 << 20);
  });

  it('that breaks off is not taken for whole, and the next event is served', async () => {
    const { url } = await runProcessor(TICKER);
    await expect(call(`${url}/fails`)).rejects.toThrow();
    expect(await call(`${url}/plain`)).toMatchObject({ body: 'plain' });
  });

  it('ends in the handler when the client goes', async () => {
    const { url } = await runProcessor(`let ended = 0;
      exports.handler = async (context, event) => event.path === '/count' ? String(ended) : (async function* () {
        try { for (;;) { yield Buffer.alloc(1 << 16); await new Promise((r) => setTimeout(r, 5)) } } finally { ended++ }
      })()`);
    const controller = new AbortController();
    const response = await fetch(url, { signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await expect.poll(async () => (await call(`${url}/count`)).body).toBe('1');
  });
});
