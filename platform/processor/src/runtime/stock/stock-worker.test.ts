import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Answer } from '../../engine/event.ts';
import { isRunning } from '../../testing/is-running.ts';
import { makeWrapper, runWrapper, wrapperProgram } from '../../testing/run-wrapper.ts';
import { makeRubyWorker } from './makers.ts';

describe('a wrapper that speaks the protocol of Nuclio', () => {
  it('gets an event as a JSON object with all of its fields', async () => {
    const run = await runWrapper('return { body: JSON.stringify(event) };');
    const headers = { host: 'example.com', 'content-type': 'application/x-www-form-urlencoded', 'x-request-id': '7' };
    const { body } = await run.call({ method: 'PUT', target: '/a/b?x=1&y=%C3%BC', headers, body: 'z=3' });

    expect(JSON.parse(body)).toEqual({
      body: Buffer.from('z=3').toString('base64'),
      content_type: 'application/x-www-form-urlencoded',
      'content-type': 'application/x-www-form-urlencoded',
      trigger: { class: 'sync', kind: 'http', name: 'web' },
      fields: { x: '1', y: 'ü', z: '3' },
      headers: { Host: 'example.com', 'Content-Type': 'application/x-www-form-urlencoded', 'X-Request-Id': '7' },
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: 'PUT',
      path: '/a/b',
      size: 3,
      timestamp: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      url: 'http://example.com/a/b?x=1&y=%C3%BC',
      shard_id: 0,
      num_shards: 0,
      type: '',
      type_version: '',
      version: '',
      offset: 0,
      topic: '',
    });
  });

  it('gets the attributes of a message of a stream', async () => {
    const run = await runWrapper('return { body: JSON.stringify(event) };');
    const attributes = { id: 'i', url: 'u', topic: 'tö', shardId: 2, numShards: 5, offset: 77, type: 't', typeVersion: '1', version: '2' };
    const { body } = await run.call({ target: '/%C3%A4', attributes: { ...attributes, path: '/ä' }, trigger: 1 });

    expect(JSON.parse(body)).toMatchObject({
      trigger: { class: 'async', kind: 'kafka-cluster', name: 'orders' },
      path: '/ä',
      ...{ id: 'i', url: 'u', topic: 'tö', shard_id: 2, num_shards: 5, offset: 77, type: 't', type_version: '1', version: '2' },
    });
  });

  it('answers with status, headers and a body as text or in base64', async () => {
    const run = await runWrapper(`return [
      { body: 'grüße', headers: { H1: 'v1', h2: 2 }, content_type: 'text/html', status_code: 201 },
      { body: '//4A\\n', body_encoding: 'base64' },
      { body: null, headers: null, content_type: null, status_code: 0 },
      { headers: { 'a b': '1' } },
      { status_code: 103 },
    ][Buffer.from(event.body, 'base64').toString()];`);

    expect(await run.call({ body: '0' })).toMatchObject({
      status: 201,
      body: 'grüße',
      headers: { h1: 'v1', h2: '2', 'content-type': 'text/html' },
    });
    expect((await run.call({ body: '1' })).bytes).toEqual(Buffer.from([0xff, 0xfe, 0]));
    expect(await run.call({ body: '2' })).toMatchObject({ status: 200, body: '', headers: { 'content-type': 'text/plain' } });
    expect(await run.call({ body: '3' })).toMatchObject({ status: 500, body: expect.stringContaining('Invalid header name') });
    const wrong = await run.call({ body: '4', headers: { 'x-nuclio-log-level': 'error' } });
    expect(wrong).toMatchObject({ status: 500, body: 'Invalid status code 103' });
    expect(JSON.parse(wrong.headers['x-nuclio-logs'] ?? '')).toMatchObject([{ level: 'error', error: 'Invalid status code 103' }]);
  });

  it('has its logs written, and added to an answer that they were asked for with', async () => {
    const run = await runWrapper(`
      say('l' + JSON.stringify({ datetime: 'now', level: 'warning', message: 'a warning', with: { n: 1 } }));
      say('l' + JSON.stringify({ datetime: 'now', level: 'debug', message: 'not wanted' }));
      return {};`);

    const { headers } = await run.call({ headers: { 'x-nuclio-log-level': 'info' } });

    expect(JSON.parse(headers['x-nuclio-logs'] ?? '')).toEqual([
      { time: expect.any(Number), level: 'warn', name: expect.any(String), message: 'a warning', n: 1 },
    ]);
    expect((await run.call()).headers).not.toHaveProperty('x-nuclio-logs');
  });

  it('tells how long its handler took, unless that cannot be', async () => {
    const run = await runWrapper(`
      await new Promise((resolve) => setTimeout(resolve, 30));
      say('m' + JSON.stringify({ duration: Number(Buffer.from(event.body, 'base64')) }));
      return {};`);

    expect((await run.call({ body: '0.0125' })).duration).toBe(12_500);
    const { duration } = await run.call({ body: '30' });
    expect(duration).toBeGreaterThan(20_000);
    expect(duration).toBeLessThan(10_000_000);
  });

  it('gets one event after the other, also those of a batch', async () => {
    const run = await runWrapper(`
      globalThis.inHand = (globalThis.inHand ?? 0) + 1;
      const most = inHand;
      await new Promise((resolve) => setTimeout(resolve, 5));
      inHand -= 1;
      return { body: most + Buffer.from(event.body, 'base64').toString() };`);
    const answers = [run.queue({ body: 'a' }), run.queue({ body: 'b' })];
    const batch = run.callBatch([{ body: 'c' }, { body: 'd' }]);

    expect((await Promise.all(answers)).map(({ body }) => body.toString())).toEqual(['1a', '1b']);
    expect((await batch).map(({ body }) => body)).toEqual(['1c', '1d']);
  });

  it('carries events and answers that are larger than one read', async () => {
    const run = await runWrapper("return { body: event.body, body_encoding: 'base64' };");
    const body = Buffer.alloc(3 << 20, 'abcdefg');

    expect((await run.call({ body })).bytes.equals(body)).toBe(true);
    expect((await run.call({ body: 'small' })).body).toBe('small');
  });

  it('answers 5,000 events, each with its own answer', async () => {
    const run = await runWrapper("return { body: event.body, body_encoding: 'base64' };");
    const bodies = Array.from({ length: 5000 }, (_, i) => String(i));
    const answers = bodies.map((body) => run.queue({ body }));
    run.worker.flush();

    expect((await Promise.all(answers)).map(({ body }) => body.toString())).toEqual(bodies);
  });
});

describe('the end of a wrapper', () => {
  const DYING = `
    const body = Buffer.from(event.body, 'base64').toString();
    if (body === 'exit') process.exit(3);
    if (body === 'kill') process.kill(process.pid, 'SIGSEGV');
    if (body === 'close') { socket.destroy(); setInterval(() => {}, 1000); return; }
    if (body === 'nonsense') { say('?what'); return; }
    if (body === 'twice') say('r{}');
    if (body === 'bad') { say('r{"status_code": "x"}'); return; }
    return { body };`;

  it.each([
    ['exit', 'it ended with status 3'],
    ['kill', 'it was ended by SIGSEGV'],
    ['close', 'it was ended by SIGKILL'],
    ['nonsense', 'it was ended because it sent what is not of the protocol: ?what'],
    ['bad', 'it was ended because it sent what is not of the protocol: r{"status_code": "x"}'],
  ])('by %s is told of, and what it had not got is taken back', async (body, reason) => {
    const run = await runWrapper(DYING);
    for (const each of ['1', body, '3', '4']) void run.queue({ body: each });
    run.worker.flush();

    expect(await run.exited.promise).toBe(reason);
    expect(run.answers.map(({ answer }) => (answer as Answer).body.toString())).toEqual(['1']);
    expect(run.worker.revoke()).toBe(2);
  });

  it('comes where it answers what nobody asked', async () => {
    const run = await runWrapper(DYING);
    void run.call({ body: 'twice' });

    expect(await run.exited.promise).toBe('it was ended because it sent an answer to no event');
  });

  it('comes when it is killed, with that of all that it has started', async () => {
    const run = await runWrapper("return { body: String(require('node:child_process').spawn('sleep', ['600']).pid) };");
    const pid = Number((await run.call()).body);
    expect(isRunning(pid)).toBe(true);

    await run.worker.kill();

    await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
  });

  it('is not needed to take back what waits', async () => {
    const run = await runWrapper('await new Promise((resolve) => setTimeout(resolve, 100)); return {};');
    const slow = run.queue();
    void run.queue();
    run.worker.flush();

    expect(run.worker.revoke()).toBe(1);
    expect(run.worker.revoke()).toBeUndefined();
    await slow;
    expect((await run.call()).status).toBe(200);
    expect(run.answers.map(({ sequence }) => sequence)).toEqual([0, 2]);
  });
});

describe('the start of a wrapper', () => {
  const OK = "return { body: process.argv.slice(3).join(' ') };";

  it('has handler and number of the worker among its arguments', async () => {
    const run = await runWrapper(OK, { handler: 'a:b' });

    expect((await run.call()).body).toBe('a:b w3');
  });

  it('has ended when it says so, unless the attributes say that it does not', async () => {
    const late = await makeWrapper(wrapperProgram(OK, { start: "setTimeout(() => say('s'), 200);" }));
    const before = performance.now();
    await late.worker.start();
    expect(performance.now() - before).toBeGreaterThan(200);

    const silent = await makeWrapper(wrapperProgram(OK, { start: '' }));
    const attributes = { command: join(silent.folder, 'wrapper.cjs'), waitForStart: false };
    const run = await makeWrapper(wrapperProgram(OK, { start: '' }), { runtimeAttributes: attributes });
    await run.worker.start();
    expect((await run.call()).body).toBe('main:handler');
  });

  it.each([
    ['ends before it connects', 'process.exit(4);', /wrapper ended while it started: it ended with status 4/],
    ['ends before its handler is loaded', wrapperProgram('', { start: 'process.exit(5);' }), /it ended with status 5/],
    ['does not speak the protocol', wrapperProgram('', { start: "say('hello');" }), /not of the protocol: hello/],
  ])('fails where it %s', async (_, program, message) => {
    const run = await makeWrapper(program);

    await expect(run.worker.start()).rejects.toThrow(message);
  });

  it('fails where there is no such program, or none is named', async () => {
    const run = await makeWrapper('', { runtimeAttributes: { command: '/nowhere/wrapper' } });

    await expect(run.worker.start()).rejects.toThrow('/nowhere/wrapper cannot be started');
    await expect(makeWrapper('', { runtimeAttributes: {} })).rejects.toThrow('command');
  });

  it('leaves no socket in the file system', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sockets-'));
    vi.stubEnv('TMPDIR', folder);
    onTestFinished(async () => {
      vi.unstubAllEnvs();
      await rm(folder, { recursive: true });
    });
    const run = await runWrapper(OK);
    await run.call();

    await vi.waitFor(async () => expect((await readdir(folder)).filter((name) => name.startsWith('nuclio-rpc-'))).toEqual([]));
  });
});

it('starts Ruby as Nuclio does, and does not wait for its word', async () => {
  const program = wrapperProgram("return { body: process.argv.slice(2, -1).join(' ') };", { start: '', connect: 'process.argv.at(-1)' });
  const run = await makeWrapper(program, { handler: 'main:work', runtimeAttributes: {} }, makeRubyWorker);
  await symlink('wrapper.cjs', join(run.folder, 'ruby'));
  vi.stubEnv('PATH', `${run.folder}:${process.env.PATH}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await run.worker.start();

  expect((await run.call()).body).toBe('/opt/nuclio/wrapper.rb --handler main:work --socket-path');
});
