import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, runProcessor as run } from './testing/run-processor.ts';

describe('a JavaScript handler', () => {
  it('answers with what it gives to the callback', async () => {
    const { url } = await run('exports.handler = (context, event) => { setTimeout(() => context.callback("hello " + event.body), 5) }');
    expect(await call(url, { method: 'POST', body: 'you' })).toMatchObject({ status: 200, type: 'text/plain', body: 'hello you' });
  });

  it('may be an ES module whose function returns or promises its answer', async () => {
    const { url } = await run('export const handler = async (context, { path, method }) => ({ path, method })', {}, 'main.mjs');
    expect(await call(`${url}/a/b?c=1`)).toMatchObject({ status: 200, type: 'application/json', body: '{"path":"/a/b","method":"GET"}' });
  });

  it('leaves the answer to the callback once it has handed that on, whatever it returns', async () => {
    const { url } = await run('exports.handler = (context) => setTimeout(context.callback, 5, "from the callback")');
    expect(await call(url)).toMatchObject({ body: 'from the callback' });
  });

  it('may be TypeScript', async () => {
    const { url } = await run('export const handler = (_: unknown, e: { size: number }): string => String(e.size)', {}, 'main.ts');
    expect(await call(url, { method: 'POST', body: '12345' })).toMatchObject({ body: '5' });
  });

  it('answers with [status, body] and with a Response', async () => {
    const { url } = await run(`exports.handler = (context, event) => event.path === '/pair' ? [201, { made: true }]
      : new context.Response('<b>', { 'X-Answer': 42 }, 'text/html', 203)`);
    expect(await call(`${url}/pair`)).toMatchObject({ status: 201, type: 'application/json', body: '{"made":true}' });
    const full = await call(url);
    expect(full).toMatchObject({ status: 203, type: 'text/html', body: '<b>' });
    expect(full.headers.get('x-answer')).toBe('42');
  });

  it('sees the event as Nuclio gives it', async () => {
    const { url } = await run(`exports.handler = (context, event) => ({ ...event.toJSON(), isDate: event.timestamp instanceof Date,
      isBuffer: Buffer.isBuffer(event.body), header: event.headers['X-Some-Name'], fields: event.fields, type: event.content_type })`);
    const { body } = await call(`${url}/p?a=1`, { method: 'PUT', body: 'x', headers: { 'x-some-name': 'v', 'content-type': 'text/csv' } });
    expect(JSON.parse(body)).toMatchObject({
      isDate: true,
      isBuffer: true,
      header: 'v',
      fields: { a: '1' },
      type: 'text/csv',
      method: 'PUT',
      path: '/p',
      size: 1,
      trigger: { kind: 'http', name: 'web' },
    });
  });

  it('keeps user data that initContext made, and what it assigns later', async () => {
    const { url } = await run(`exports.initContext = async (context) => { context.userData = { count: 0 } }
      exports.handler = (context) => String(++context.userData.count)`);
    await call(url);
    expect(await call(url)).toMatchObject({ body: '2' });
  });

  it('answers 500 with its error when it throws or rejects, and goes on', async () => {
    const { url, lines } = await run(
      'exports.handler = async (_, event) => { if (event.path === "/bad") throw new Error("boom"); return "ok" }',
    );
    expect(await call(`${url}/bad`)).toMatchObject({ status: 500, type: 'text/plain', body: 'Error in handler: Error: boom' });
    expect(await call(url)).toMatchObject({ status: 200, body: 'ok' });
    await expect.poll(() => lines.some((line) => JSON.parse(line).message === 'Error in handler')).toBe(true);
  });

  it('logs lines of JSON with their fields', async () => {
    const { url, lines } = await run('exports.handler = (context) => { context.logger.infoWith("seen", { n: 1 }); return "" }');
    await call(url);
    await expect
      .poll(() => lines.map((line) => JSON.parse(line)))
      .toContainEqual(expect.objectContaining({ level: 'info', name: 'f', message: 'seen', with: { n: 1 } }));
  });
});

describe('the processor', () => {
  it('says which functions a file exports when the one asked for is missing, and ends', async () => {
    await expect(run('exports.other = () => 1')).rejects.toThrow(/does not export a function handler.*it exports .*other/);
  });

  it('refuses kinds of triggers that it does not know', async () => {
    await expect(run('exports.handler = () => 1', { triggers: { k: { kind: 'smoke-signals' } } })).rejects.toThrow(/smoke-signals/);
  });

  it('answers health checks itself', async () => {
    const { url, healthUrl } = await run('exports.handler = () => [500, "no"]');
    expect(await call(`${url}/__internal/health`)).toMatchObject({ status: 200 });
    expect(await call(`${healthUrl}/live`)).toMatchObject({ status: 200 });
    expect(await call(`${healthUrl}/ready`)).toMatchObject({ status: 200 });
  });

  it('refuses bodies above the limit with 413, whether announced or streamed', async () => {
    const { url } = await run('exports.handler = (_, event) => String(event.size)', {
      trigger: { attributes: { maxRequestBodySize: 10 } },
    });
    expect(await call(url, { method: 'POST', body: '12345678901' })).toMatchObject({ status: 413 });
    const streamed = request(url, { method: 'POST' });
    streamed.write('1234567');
    streamed.write('1234567');
    const [response] = await once(streamed, 'response');
    expect(response.statusCode).toBe(413);
    streamed.destroy();
    expect(await call(url, { method: 'POST', body: '1234567890' })).toMatchObject({ status: 200, body: '10' });
  });

  it('answers 408 when a handler takes longer than its time, and gives the worker to the next event', async () => {
    const { url } = await run('exports.handler = (context, event) => { if (event.path !== "/slow") context.callback("ok") }', {
      eventTimeout: '100ms',
    });
    expect(await call(`${url}/slow`)).toMatchObject({ status: 408, body: '{"error":"handler timed out"}' });
    expect(await call(url)).toMatchObject({ status: 200, body: 'ok' });
  });

  it('answers 503 when no worker is free in time', async () => {
    const { url } = await run('exports.handler = (context) => { setTimeout(() => context.callback("ok"), 400) }', {
      trigger: { workerAvailabilityTimeoutMilliseconds: 50 },
    });
    const [first, second] = await Promise.all([call(url), call(url)]);
    expect([first.status, second.status].sort()).toEqual([200, 503]);
  });

  it('answers what is in hand before it ends on SIGTERM', async () => {
    const { url, child } = await run('exports.handler = (context) => { setTimeout(() => context.callback("late"), 400) }');
    const answer = call(url);
    await delay(150);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await answer).toMatchObject({ status: 200, body: 'late' });
    expect((await ended)[0]).toBe(0);
  });

  it('loses no event of a batch when it ends, not even one whose body was still on its way', async () => {
    const { url, child } = await run('exports.handler = (_, events) => events.map(({ body }) => "got " + body)', {
      trigger: { batch: { mode: 'enable', batchSize: 10, timeout: '1m' } },
    });
    const waiting = call(url, { method: 'POST', body: 'whole' });
    const slow = request(url, { method: 'POST', headers: { 'content-length': 4 } });
    onTestFinished(() => void slow.destroy());
    slow.write('ha');
    const response = once(slow, 'response');
    await delay(150);

    child.kill('SIGTERM');
    expect(await waiting).toMatchObject({ status: 200, body: 'got whole' });
    slow.end('lf');

    const [late] = await response;
    expect(Buffer.concat(await late.toArray()).toString()).toBe('got half');
  });
});
