import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { echoWebSocket } from './testing/web-sockets.ts';
import { startWorld, type World } from './testing/world.ts';

describe('a WebSocket to a function that sleeps', () => {
  let world: World;

  afterEach(() => world.stop());

  /** A client that keeps what comes. */
  function open(path = '/') {
    const webSocket = new WebSocket(`ws://127.0.0.1:${world.activator.port}${path}`, { headers: { 'x-nuclio-target': 'f', 'x-n': '7' } });
    const came: unknown[] = [];
    webSocket.addEventListener('message', ({ data }) => came.push(data));
    return { webSocket, came, closed: once(webSocket, 'close') };
  }

  /** What comes back on a connection, as it stands there. */
  async function answerOf(...lines: string[]): Promise<string> {
    const socket = connect(world.activator.port, '127.0.0.1');
    socket.write(['GET / HTTP/1.1', 'Host: nuclio-f', ...lines, '', ''].join('\r\n'));
    return text(socket);
  }

  const UPGRADE = ['Connection: Upgrade', 'Upgrade: WebSocket', 'Sec-WebSocket-Key: a2V5', 'Sec-WebSocket-Version: 13'];
  const echoing = () => createServer((_, outgoing) => void outgoing.end()).on('upgrade', echoWebSocket);

  it('wakes it, waits for a pod, and then carries all that comes, both ways, until one side ends it', async () => {
    world = await startWorld();
    const { webSocket, came, closed } = open('/chat?room=1');
    await expect.poll(world.state).toBe('waitingForScaleResourceFromZero');

    await world.pod(echoing());

    await once(webSocket, 'open');
    webSocket.send('one');
    webSocket.send('two');
    await expect.poll(() => came).toEqual(['/chat?room=1 7', 'one', 'two']);
    webSocket.close(1000);
    expect((await closed)[0]).toMatchObject({ wasClean: true, code: 1000 });
    await expect.poll(world.metrics).toContain('ampoule_activator_requests_total{result="forwarded"} 1');
    expect(await world.metrics()).toContain('ampoule_cold_start_seconds_count 1');
  });

  it('keeps it awake while it is open, and no longer', async () => {
    world = await startWorld();
    await world.pod(echoing());
    const { webSocket, closed } = open();
    await once(webSocket, 'open');

    for (const state of ['waitingForScaleResourceToZero', 'scaledToZero']) {
      world.setState(state);
      await expect.poll(world.state).toBe('waitingForScaleResourceFromZero');
    }

    webSocket.close();
    await closed;
    await expect.poll(world.metrics).toContain('result="forwarded"} 1');
    world.setState('scaledToZero');
    await delay(300);
    expect(world.state()).toBe('scaledToZero');
  });

  it('is held no longer than other requests, and no more of them are', async () => {
    world = await startWorld({ maxHeldPerFunction: 1, holdMs: 300 });
    const answers = await Promise.all([answerOf(...UPGRADE), answerOf(...UPGRADE)]);
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 503 .*retry-after: 2\r\n/is);
    expect(answers.join()).toContain('Too many requests wait');
    expect(answers.join()).toContain('not ready within 0.3 s');
  });

  it('frees its place when its caller goes before a pod comes', async () => {
    world = await startWorld({ maxHeldPerFunction: 1 });
    const gone = connect({ port: world.activator.port, host: '127.0.0.1', allowHalfOpen: true });
    gone.write(['GET / HTTP/1.1', 'Host: nuclio-f', ...UPGRADE, '', ''].join('\r\n'));
    await expect.poll(world.metrics).toContain('ampoule_activator_held_requests 1');
    gone.end();
    await expect.poll(world.metrics).toContain('ampoule_activator_held_requests 0');
    gone.destroy();
  });

  it('gets the answer of a function that wants none', async () => {
    world = await startWorld();
    await world.pod(
      createServer((_, outgoing) => void outgoing.end()).on('upgrade', (_incoming, socket) => {
        socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      }),
    );
    expect(await answerOf(...UPGRADE)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n.*x-ampoule-cold-start-ms: \d+\r\n.*\r\n\r\nno$/is);
  });

  it('is closed when the function breaks off', async () => {
    world = await startWorld();
    const pod = await world.pod(echoing());
    const { webSocket, closed } = open();
    const [, socket] = await once(pod, 'upgrade');
    await once(webSocket, 'open');
    socket.destroy();
    expect((await closed)[0]).toMatchObject({ wasClean: false });
    const broken = await world.pod(createServer((_, outgoing) => void outgoing.end()).on('upgrade', (_incoming, each) => each.destroy()));
    expect(await answerOf(...UPGRADE)).toMatch(/^HTTP\/1\.1 502 /);
    broken.close();
  });

  it('does not keep the activator from ending', async () => {
    world = await startWorld();
    await world.pod(echoing());
    const { webSocket, closed } = open();
    await once(webSocket, 'open');
    await world.stop();
    await closed;
    world = await startWorld();
  });

  it.each([
    ['to HTTP/2, which clients ask for unasked', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP']],
    ['to what nobody knows', ['Connection: Upgrade', 'Upgrade: x']],
  ])('is the only upgrade that is passed on: not one %s', async (_what, lines) => {
    world = await startWorld();
    await world.pod(echoing());
    expect(await answerOf(...lines)).toMatch(/^HTTP\/1\.1 200 /);
  });
});
