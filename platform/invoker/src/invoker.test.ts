import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { streams } from './store/streams.ts';
import { openStore, startWorld } from './testing/invoker.ts';

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('an asynchronous invocation', () => {
  it('is taken at once, done, and its result is the answer of the function as it was', async () => {
    const { target, invoke, until, public: ask } = await startWorld();
    target.answer = (_, response) => response.writeHead(201, { 'content-type': 'text/csv' }).end('a,b\n');

    const response = await invoke('nuclio/f', '/a/b?c=%20d', { method: 'PUT', headers: { 'x-own': '1', 'content-type': 'text/plain' } });
    const { id, state } = (await response.json()) as { id: string; state: string };

    expect([response.status, state]).toEqual([202, 'queued']);
    expect(id).toMatch(UUID4);
    expect(response.headers.get('location')).toBe(`/invocations/${id}`);
    expect(response.headers.get('preference-applied')).toBe('respond-async');
    expect(await until(id, 'done')).toMatchObject({ id, function: 'nuclio/f', attempts: 1, maxAttempts: 5, statusCode: 201 });
    const result = await ask('GET', `/invocations/${id}/result`);
    expect([result.status, result.headers.get('content-type'), await result.text()]).toEqual([201, 'text/csv', 'a,b\n']);
    const [seen] = target.seen;
    expect(seen).toMatchObject({ method: 'PUT', path: '/a/b?c=%20d', body: 'hello', name: 'f', id, attempt: 1 });
    expect(seen?.headers).toMatchObject({ 'x-own': '1', 'content-type': 'text/plain', 'content-length': '5' });
    expect(Object.keys(seen?.headers ?? {})).not.toEqual(expect.arrayContaining(['prefer']));
    expect(Object.keys(seen?.headers ?? {})).not.toEqual(expect.arrayContaining(['x-ampoule-function']));
  });

  it('tells the function who it is, whatever its caller says', async () => {
    const { target, idOf, until } = await startWorld();
    const headers = { 'x-nuclio-target': 'other', 'x-ampoule-invocation-id': 'mine', 'x-ampoule-attempt': '9', 'x-own': '1' };
    const id = await idOf('nuclio/f', '/', { headers });
    await until(id, 'done');
    expect(target.seen).toMatchObject([{ name: 'f', id, attempt: 1, headers: { 'x-own': '1' } }]);
  });

  it('has no result while it runs, and unknown ids have none at all', async () => {
    const { target, idOf, until, public: ask } = await startWorld();
    target.answer = () => undefined;
    const id = await idOf('nuclio/f', '/', { method: 'GET' });
    await until(id, 'running');

    const answers = [`${id}/result`, crypto.randomUUID(), `${crypto.randomUUID()}/result`, '..%2f', ''].map((rest) =>
      ask('GET', `/invocations/${rest}`),
    );

    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([409, 404, 404, 404, 404]);
    expect((await ask('POST', `/invocations/${id}`)).status).toBe(405);
    // Lists are no business of the public.
    expect((await ask('GET', '/dead-letters')).status).toBe(404);
  });

  it('is refused with all mistakes when its options cannot be, and with 413 when it is too large', async () => {
    const { invoke, idOf, until, target } = await startWorld();
    const wrong = { 'x-ampoule-callback': 'ftp://x/', 'x-ampoule-max-attempts': '21' };

    const refused = await invoke('no function', '/', { headers: wrong });
    const { error } = (await refused.json()) as { error: string };

    expect(refused.status).toBe(400);
    for (const name of ['x-ampoule-function', 'x-ampoule-callback', 'x-ampoule-max-attempts']) expect(error).toContain(name);
    const large = await invoke('nuclio/f', '/', { body: new Uint8Array((1 << 20) + 1) });
    expect([large.status, ((await large.json()) as { code: string }).code]).toEqual([413, 'AMP_INVOKER_BODY_TOO_LARGE']);
    await until(await idOf('nuclio/f', '/', { body: new Uint8Array(1 << 20) }), 'done');
    expect(target.seen.map(({ body }) => body.length)).toEqual([1 << 20]);
  });

  it.each([500, 503, 429])('is tried again after status %i, and counts its attempts', async (status) => {
    const { target, idOf, until, metrics } = await startWorld();
    target.answer = ({ attempt }, response) => response.writeHead(attempt < 3 ? status : 200).end(`attempt ${attempt}`);

    const id = await idOf('nuclio/f');

    expect(await until(id, 'done')).toMatchObject({ attempts: 3, statusCode: 200 });
    expect(await metrics()).toContain('ampoule_invoker_retries_total{reason="AMP_INVOKER_STATUS"} 2\n');
  });

  it.each([404, 302, 400])('is done after status %i, which another attempt would not better', async (status) => {
    const { target, idOf, until } = await startWorld();
    target.answer = (_, response) => response.writeHead(status, { location: '/there' }).end('no');
    expect(await until(await idOf('nuclio/f'), 'done')).toMatchObject({ attempts: 1, statusCode: status });
  });

  it('is tried again when the function breaks off or takes too long', async () => {
    const { target, idOf, until } = await startWorld({ AMPOULE_CALL_TIMEOUT_SECONDS: '0.2' });
    const errors: (string | undefined)[] = [];
    target.answer = async ({ attempt, id }, response) => {
      if (attempt > 1) errors.push((await until(id, 'running')).error?.code);
      if (attempt === 1) response.destroy();
      else if (attempt === 3) response.end('at last');
    };
    const id = await idOf('nuclio/f');
    expect(await until(id, 'done')).toMatchObject({ attempts: 3 });
    expect(errors).toEqual(['AMP_INVOKER_UNREACHABLE', 'AMP_INVOKER_TIMEOUT']);
  });

  it('waits as long as the function asks', async () => {
    const { target, idOf, until } = await startWorld({ AMPOULE_BACKOFF_LAST_SECONDS: '10' });
    const times: number[] = [];
    target.answer = ({ attempt }, response) => {
      times.push(Date.now());
      response.writeHead(attempt === 1 ? 429 : 200, { 'retry-after': '1' }).end();
    };
    await until(await idOf('nuclio/f'), 'done');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  });

  it('fails where its answer cannot be kept, without another attempt', async () => {
    const { target, idOf, until, public: ask } = await startWorld({ AMPOULE_MAX_RESULT_BYTES: '1000' });
    target.answer = (_, response) => response.end('x'.repeat(1001));
    const id = await idOf('nuclio/f');
    expect(await until(id, 'failed')).toMatchObject({ attempts: 1, statusCode: 200, error: { code: 'AMP_INVOKER_RESULT_TOO_LARGE' } });
    expect((await ask('GET', `/invocations/${id}/result`)).status).toBe(502);
  });

  it('takes longer than signs of life may be apart, and runs once', async () => {
    const { target, idOf, until } = await startWorld();
    target.answer = async (_, response) => response.end(await delay(3000, 'slow'));
    expect(await until(await idOf('nuclio/f'), 'done')).toMatchObject({ attempts: 1 });
    expect(target.seen).toHaveLength(1);
  });
});

describe('requests with the same key', () => {
  it('are one invocation for each function, also when they come at once', async () => {
    const { target, idOf, until } = await startWorld();
    const headers = { 'idempotency-key': 'order 7' };

    const ids = await Promise.all(Array.from({ length: 8 }, () => idOf('nuclio/f', '/', { headers })));
    const other = await idOf('nuclio/g', '/', { headers });
    await Promise.all([ids[0] ?? '', other].map((id) => until(id, 'done')));
    const late = await idOf('nuclio/f', '/', { headers });

    expect(new Set([...ids, late]).size).toBe(1);
    expect(other).not.toBe(ids[0]);
    expect(target.seen.map(({ name }) => name).sort()).toEqual(['f', 'g']);
  });

  it.each([
    ['body', '/a', { body: 'other' }],
    ['path', '/b', { body: 'mine' }],
    ['method', '/a', { body: 'mine', method: 'PUT' }],
  ])('are refused where they have another %s', async (_, path, sent) => {
    const { target, invoke, idOf, until } = await startWorld();
    const headers = { 'idempotency-key': 'order 7' };
    const id = await idOf('nuclio/f', '/a', { headers, body: 'mine' });

    const refused = await invoke('nuclio/f', path, { ...sent, headers });

    expect([refused.status, await refused.json()]).toMatchObject([422, { code: 'AMP_INVOKER_KEY_REUSED' }]);
    await until(id, 'done');
    expect((await invoke('nuclio/f', path, { ...sent, headers })).status).toBe(422);
    expect(await idOf('nuclio/f', '/a', { headers, body: 'mine' })).toBe(id);
    expect(target.seen).toHaveLength(1);
  });

  it('are refused where another one comes at the same time', async () => {
    const { target, invoke, until } = await startWorld();
    const headers = { 'idempotency-key': 'order 7' };
    const responses = await Promise.all(Array.from({ length: 8 }, (_, i) => invoke('nuclio/f', '/', { headers, body: `body ${i % 2}` })));
    const taken = responses.filter(({ status }) => status === 202);
    const ids = new Set(await Promise.all(taken.map(async (response) => ((await response.json()) as { id: string }).id)));

    expect(taken).toHaveLength(4);
    expect(responses.filter(({ status }) => status === 422)).toHaveLength(4);
    expect(ids.size).toBe(1);
    await until([...ids][0] ?? '', 'done');
    expect(target.seen).toHaveLength(1);
  });

  it('are other invocations for other callers', async () => {
    const { idOf } = await startWorld();
    const as = (caller: Record<string, string>) => idOf('nuclio/f', '/', { headers: { 'idempotency-key': 'k', ...caller } });
    const ids = [
      await as({}),
      await as({ authorization: 'Bearer 1' }),
      await as({ authorization: 'Bearer 2' }),
      await as({ 'x-ampoule-caller': 'ann', authorization: 'Bearer 1' }),
      await as({ 'x-ampoule-caller': 'bob', authorization: 'Bearer 1' }),
    ];
    expect(new Set(ids).size).toBe(5);
    // A token may be renewed.
    expect(await as({ 'x-ampoule-caller': 'ann', authorization: 'Bearer 3' })).toBe(ids[3]);
  });

  it('are the same also while there is a dead letter of the first', async () => {
    const { target, idOf, invoke, list, public: ask } = await startWorld({ AMPOULE_KEEP_SECONDS: '1' });
    target.answer = (_, response) => response.writeHead(500).end();
    const headers = { 'idempotency-key': 'k', 'x-ampoule-max-attempts': '1' };
    const id = await idOf('nuclio/f', '/', { headers });
    await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(1);
    await expect.poll(async () => (await ask('GET', `/invocations/${id}`)).status, { timeout: 5000 }).toBe(404);

    expect(await (await invoke('nuclio/f', '/', { headers })).json()).toEqual({ id, state: 'failed' });
    expect((await invoke('nuclio/f', '/', { headers, body: 'other' })).status).toBe(422);
    expect(target.seen).toHaveLength(1);
  });

  it('leave nothing but what is known of the invocation', async () => {
    const { nats, idOf, until } = await startWorld();
    await until(await idOf('nuclio/f', '/', { headers: { 'idempotency-key': 'k' } }), 'done');
    const { store, close } = await openStore(nats);
    const kept: string[] = [];
    for await (const { config, state } of store.manager.streams.list()) if (state.messages > 0) kept.push(config.name);
    await close();
    expect(kept).toEqual([streams.states]);
  });

  it('are taken anew when the key is forgotten', async () => {
    const { target, idOf, until, public: ask } = await startWorld({ AMPOULE_KEEP_SECONDS: '1' });
    const headers = { 'idempotency-key': 'k' };
    const first = await idOf('nuclio/f', '/', { headers });
    await until(first, 'done');
    await expect.poll(async () => (await ask('GET', `/invocations/${first}`)).status, { timeout: 5000 }).toBe(404);
    await until(await idOf('nuclio/f', '/', { headers }), 'done');
    expect(target.seen).toHaveLength(2);
  });
});

describe('cancelling', () => {
  it('keeps a queued invocation from ever running', async () => {
    const { target, idOf, until, public: ask } = await startWorld({ AMPOULE_MAX_RUNNING: '1' });
    let release = () => undefined as unknown;
    target.answer = (seen, response) => {
      if (seen.path === '/first') release = () => response.end();
      else response.end();
    };
    const first = await idOf('nuclio/f', '/first');
    await until(first, 'running');
    const second = await idOf('nuclio/f', '/second');
    const third = await idOf('nuclio/f', '/third');

    expect(await (await ask('DELETE', `/invocations/${second}`)).json()).toMatchObject({ id: second, state: 'cancelled' });
    release();
    await until(third, 'done');

    expect(target.seen.map(({ path }) => path)).toEqual(['/first', '/third']);
    expect((await ask('GET', `/invocations/${second}/result`)).status).toBe(409);
    // Again it is no mistake; of what has ended it is one.
    expect((await ask('DELETE', `/invocations/${second}`)).status).toBe(200);
    expect((await ask('DELETE', `/invocations/${third}`)).status).toBe(409);
  });

  it('holds for as long as the job waits in the queue', async () => {
    const { target, idOf, until, public: ask } = await startWorld({ AMPOULE_MAX_RUNNING: '1', AMPOULE_KEEP_SECONDS: '1' });
    target.answer = async ({ path }, response) => response.end(path === '/slow' ? await delay(3000, 'ok') : 'ok');
    await until(await idOf('nuclio/f', '/slow'), 'running');
    const id = await idOf('nuclio/f', '/never');
    await ask('DELETE', `/invocations/${id}`);

    await delay(4000);

    expect(target.seen.map(({ path }) => path)).toEqual(['/slow']);
    await expect.poll(async () => (await ask('GET', `/invocations/${id}`)).status, { timeout: 5000 }).toBe(404);
  });

  it('breaks off the call of one that runs', async () => {
    const { target, idOf, until, public: ask, metrics } = await startWorld();
    target.answer = () => undefined;
    const id = await idOf('nuclio/f');
    await expect.poll(() => target.seen.length).toBe(1);

    expect((await ask('DELETE', `/invocations/${id}`)).status).toBe(200);

    await expect.poll(() => target.seen[0]?.signal.aborted).toBe(true);
    expect(await until(id, 'cancelled')).toMatchObject({ attempts: 1 });
    await delay(1500);
    expect(target.seen).toHaveLength(1);
    expect(await metrics()).toContain('ampoule_invoker_results_total{outcome="cancelled"} 1\n');
  });

  it('reaches a call that another invoker has in hand', async () => {
    const { target, idOf, until, start } = await startWorld();
    target.answer = () => undefined;
    const id = await idOf('nuclio/f');
    await expect.poll(() => target.seen.length).toBe(1);
    const other = await start();

    const response = await fetch(`http://127.0.0.1:${other.ports.public}/invocations/${id}`, { method: 'DELETE' });

    expect(response.status).toBe(200);
    await expect.poll(() => target.seen[0]?.signal.aborted).toBe(true);
    await until(id, 'cancelled');
    await other.stop();
  });
});
