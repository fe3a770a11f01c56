import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makePython, runPython } from '../../testing/run-python.ts';

/** Stands in for the module with which VS Code and others debug: it runs a program, which is then in its hands. */
const DEBUGPY = `
import os, runpy, sys
option, address, program = sys.argv[1:]
os.environ['DEBUGGER'] = f'{option} {address}'
sys.path.insert(0, os.path.dirname(program))
runpy.run_path(program, run_name='__main__')
`;
const LOGGING = `
def handler(context, event):
    context.logger.debug('debug %s', 'text')
    context.logger.info('info')
    context.logger.warn_with('warn', source='rabbit', weight=7)
    context.logger.error('é' * len(event.body))
    return 'logged'
`;

async function logsAt(level: string, handler = LOGGING, body = 'x') {
  const run = await runPython(handler, { concurrency: 2 });
  const { headers } = await run.call({ headers: { 'x-nuclio-log-level': level }, body });
  expect((await run.call()).headers).not.toHaveProperty('x-nuclio-logs');
  return headers['x-nuclio-logs'] === undefined ? undefined : JSON.parse(headers['x-nuclio-logs']);
}

describe('logs that a request asks for', () => {
  it('are those at or above the level, with their fields', async () => {
    expect(await logsAt('debug')).toEqual([
      { time: expect.any(Number), level: 'debug', name: expect.any(String), message: 'debug text' },
      expect.objectContaining({ level: 'info', message: 'info' }),
      expect.objectContaining({ level: 'warn', message: 'warn', source: 'rabbit', weight: 7 }),
      expect.objectContaining({ level: 'error', message: 'é' }),
    ]);
    expect(await logsAt('warn')).toHaveLength(2);
  });

  it('belong to their own event where several run at a time', async () => {
    expect(await logsAt('info', LOGGING.replace('def', 'async def'))).toHaveLength(3);
  });

  it('hold whatever a handler logs', async () => {
    const odd = `
def handler(context, event):
    loop = {(1, 2): 'tuple'}
    loop['self'] = loop
    context.logger.info('%d and %d', 1)
    context.logger.info_with(object, loop=loop, bytes=b'\\xff', name='not the name')
    return ''
`;
    expect(await logsAt('info', odd)).toEqual([
      expect.objectContaining({ message: '%d and %d (1,)' }),
      expect.objectContaining({ message: "<class 'object'>", with: expect.stringContaining("(1, 2): 'tuple'") }),
    ]);
  });

  it('are left out where they are 4096 bytes or more', async () => {
    expect(await logsAt('debug', LOGGING, 'x'.repeat(1000))).toBeUndefined();
  });
});

describe('loading a Python handler', () => {
  const handler = "def handler(context, event):\n    return 'ok'\n";

  it('finds module and function that are named, also in a package, and the only file where none is', async () => {
    expect((await (await runPython({ 'other.py': handler })).call()).body).toBe('ok');
    expect((await (await runPython({ 'a.py': handler, 'main.py': handler })).call()).body).toBe('ok');
    const named = await makePython({ 'top.py': '' }, { handler: 'sub.inner:work' });
    await mkdir(join(named.folder, 'sub'));
    await writeFile(join(named.folder, 'sub/inner.py'), 'import top\ndef work(context, event):\n    return __name__\n');
    await named.worker.start();
    expect((await named.call()).body).toBe('sub.inner');
  });

  it.each([
    ['has no such function', { handler: 'main:other' }, handler, /function other: it has handler$/],
    ['does not exist', { handler: 'missing:handler' }, handler, /Module missing cannot be loaded: .*No module named 'missing'/s],
    ['has a mistake in its syntax', {}, 'def handler(:\n', /main\.py", line 1.*SyntaxError/s],
    ['imports what is not there', {}, 'import nothing_here\n', /main\.py", line 1.*No module named 'nothing_here'/s],
    ['ends the process', {}, 'import sys\nsys.exit(3)\n', /SystemExit: 3/],
    ['dies', {}, 'import os\nos._exit(3)\n', /ended with status 3/],
    ['fails in init_context', {}, `${handler}def init_context(context):\n    1 / 0\n`, /init_context failed: .*ZeroDivisionError/s],
  ])('says what is wrong where the module %s', async (_, options, code, message) => {
    const run = await makePython(code, options);

    await expect(run.worker.start()).rejects.toThrow(message);
  });

  it('lies in the hands of a debugger that is asked for', async () => {
    vi.stubEnv('AMPOULE_PYTHON_INSPECT', '127.0.0.1:5678');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const code = 'import os\ndef handler(context, event):\n    return os.environ["DEBUGGER"]\n';

    const run = await runPython({ 'main.py': code, 'debugpy.py': DEBUGPY });

    expect((await run.call()).body).toBe('--listen 127.0.0.1:5678');
  });

  it('says so where there is no Python', async () => {
    vi.stubEnv('NUCLIO_PYTHON_EXE_PATH', '/nowhere/python3');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const run = await makePython(handler);

    await expect(run.worker.start()).rejects.toThrow('/nowhere/python3 cannot be started');
  });
});

it.each(['', 'async '])('keeps what an %sinit_context has put into user_data', async (kind) => {
  const run = await runPython(`
${kind}def init_context(context):
    context.user_data.count = 10

def handler(context, event):
    context.user_data.count += 1
    return str(context.user_data.count)
`);

  expect([(await run.call()).body, (await run.call()).body]).toEqual(['11', '12']);
});

describe('a handler that is a coroutine function', () => {
  const waiting = `
import asyncio
running = 0
async def handler(context, event):
    global running
    running += 1
    most = running
    await asyncio.sleep(0.05)
    running -= 1
    return str(most)
`;

  it.each([3, 1])('has at most %i events in hand', async (concurrency) => {
    const run = await runPython(waiting, { concurrency });

    const answers = Array.from({ length: 6 }, () => run.queue());
    run.worker.flush();

    expect(Math.max(...(await Promise.all(answers)).map(({ body }) => Number(body.toString())))).toBe(concurrency);
  });

  it('answers 500 where it raises or is cancelled, and goes on', async () => {
    const run = await runPython(`
import asyncio
async def handler(context, event):
    if event.body == b'raise':
        raise KeyError('k')
    if event.body == b'cancel':
        raise asyncio.CancelledError()
    async with asyncio.Lock():
        return asyncio.current_task() is not None and 'fine'
`);

    expect(await run.call({ body: 'raise' })).toMatchObject({ status: 500, body: expect.stringContaining("KeyError: 'k'") });
    expect(await run.call({ body: 'cancel' })).toMatchObject({ status: 500 });
    expect(await run.call()).toMatchObject({ status: 200, body: 'fine' });
  });

  it('may also be what a plain handler returns', async () => {
    const run = await runPython('async def work():\n    return (201, "done")\n\ndef handler(context, event):\n    return work()\n');

    expect(await run.call()).toMatchObject({ status: 201, body: 'done' });
  });
});

describe('a batch', () => {
  it.each(['', 'async '])('goes to an %shandler as a list, and each answer to the event that it names', async (kind) => {
    const run = await runPython(`
${kind}def handler(context, events):
    assert [e.last_in_batch for e in events] == [False, False, True]
    return [context.Response(body=e.body + b'!', event_id=e.id) for e in reversed(events) if e.body != b'b']
`);

    const answers = await run.callBatch([{ body: 'a' }, { body: 'b' }, { body: 'c' }]);

    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, 'a!'],
      [500, 'The handler gave no answer to this event of the batch'],
      [200, 'c!'],
    ]);
  });

  it('fails as a whole where the handler raises', async () => {
    const run = await runPython('def handler(context, events):\n    raise ValueError("all")\n');

    expect((await run.callBatch([{}, {}])).map(({ status }) => status)).toEqual([500, 500]);
  });
});

it.each(['context.platform.explicit_ack(offset)', 'await context.platform.explicit_ack(offset)'])('acknowledges by %s', async (call) => {
  const kind = call.startsWith('await') ? 'async def' : 'def';
  const run = await runPython(`
import nuclio_sdk
${kind} handler(context, event):
    offset = nuclio_sdk.QualifiedOffset.from_event(event)
    ${call}
    return ''
`);

  await run.call({ trigger: 1, attributes: { topic: 't', shardId: 4, offset: 9 } });

  expect(run.acks).toEqual([{ topic: 't', partition: 4, offset: 9 }]);
});

it('acknowledges from a thread of the function while the worker waits for events', async () => {
  const run = await runPython(`
import threading
def handler(context, event):
    class Offset: topic, partition, offset = 't', 0, 'text'
    threading.Timer(0.05, context.platform.explicit_ack, [Offset]).start()
    return ''
`);

  await run.call();

  await vi.waitFor(() => expect(run.acks).toEqual([{ topic: 't', partition: 0, offset: 'text' }]));
});

it.each(['', 'async '])('runs %scallbacks of the function when it is drained and terminated, after what is in hand', async (kind) => {
  const run = await runPython(
    `
import asyncio, time
seen = []
${kind}def note(name):
    seen.append(name)

def init_context(context):
    context.platform.set_drain_callback(lambda: note('drain'))
    context.platform.set_termination_callback(lambda: note('terminate'))

${kind}def handler(context, event):
    ${kind === '' ? 'time' : 'await asyncio'}.sleep(0.02)
    seen.append('event')
    return ' '.join(seen)
`,
    { concurrency: 5 },
  );
  const first = run.queue();
  run.worker.flush();

  await run.worker.control('drain');
  await run.worker.control('resume');
  await run.worker.control('terminate');

  expect((await first).body.toString()).toBe('event');
  expect((await run.call()).body).toBe('event drain terminate event');
});

it('goes on where a callback of the function raises', async () => {
  const run = await runPython(`
def init_context(context):
    context.platform.set_drain_callback(lambda: 1 / 0)

def handler(context, event):
    return 'ok'
`);

  await run.worker.control('drain');

  expect((await run.call()).body).toBe('ok');
});

it('calls another function with platform.call_function', async () => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    request.on('data', (chunk) => response.write(JSON.stringify([request.url, request.headers['x-nuclio-target'], String(chunk)])));
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const run = await runPython(`
import nuclio_sdk
import nuclio_sdk.platform
nuclio_sdk.platform.PORT = ${port}
def handler(context, event):
    answer = context.platform.call_function('other', nuclio_sdk.Event(body={'a': 1}, path='/ä b%20?q=1'), service_name_override='127.0.0.1')
    return repr((answer.status_code, answer.body))
`);

  expect((await run.call()).body).toBe(`(200, ['/%C3%A4%20b%20?q=1', 'other', '{"a": 1}'])`);
});

describe.each(['def', 'async def'])('the trace of an event, in a handler that is %s', (def) => {
  const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const CODE = `
${def} handler(context, event):
    if isinstance(event, list):
        return [repr(context.traceparent) for _ in event]
    return repr((context.traceparent, context.tracestate))
`;

  it('is in its context, and gone with it', async () => {
    const run = await runPython(CODE);
    expect((await run.call()).body).toBe('(None, None)');
    expect((await run.call({ headers: { Traceparent: TRACE, tracestate: 'a=1' } })).body).toBe(`('${TRACE}', 'a=1')`);
    expect((await run.call({ headers: { host: 'a' } })).body).toBe('(None, None)');
    expect((await run.call({ headers: { traceparent: TRACE } })).body).toBe(`('${TRACE}', None)`);
    expect((await run.callBatch([{ headers: { traceparent: TRACE } }])).map(({ body }) => body)).toEqual(['None']);
  });

  it('goes on in the functions that it calls, unless the handler names another', async () => {
    const server = createServer((request, response) => response.end(`${request.headers.traceparent} ${request.headers.tracestate}`));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const run = await runPython(`
import nuclio_sdk
import nuclio_sdk.platform
nuclio_sdk.platform.PORT = ${typeof address === 'object' ? address?.port : undefined}
${def} handler(context, event):
    headers = {'TraceParent': event.body.decode()} if event.body else {}
    return context.platform.call_function('other', nuclio_sdk.Event(headers=headers), service_name_override='127.0.0.1').body
`);

    expect((await run.call({ headers: { traceparent: TRACE, tracestate: 'a=1' } })).body).toBe(`${TRACE} a=1`);
    expect((await run.call({ headers: { traceparent: TRACE, tracestate: 'a=1' }, body: 'mine' })).body).toBe('mine undefined');
    expect((await run.call()).body).toBe('undefined undefined');
  });
});
