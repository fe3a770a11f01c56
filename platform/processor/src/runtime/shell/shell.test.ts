import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { call, runProcessor } from '../../testing/run-processor.ts';

const run = (script: string, spec: object = {}) => runProcessor(script, { runtime: 'shell', ...spec }, 'main.sh');

describe('a shell script', () => {
  it('gets the body as its input, and answers with what it prints', async () => {
    const { url } = await run('rev; echo to stderr >&2');
    expect(await call(url, { method: 'POST', body: 'abc\n' })).toMatchObject({ status: 200, type: 'text/plain', body: 'cba\nto stderr\n' });
  });

  it('finds its event in the environment, its arguments in the attributes or in a header', async () => {
    const { url } = await run('echo "$NUCLIO_EVENT_METHOD $NUCLIO_EVENT_PATH $NUCLIO_TRIGGER_KIND $*"', {
      runtimeAttributes: { arguments: 'a b', responseHeaders: { 'X-From': 'shell' } },
    });
    const answer = await call(`${url}/p?q=1`, { method: 'PUT', body: '' });
    expect(answer).toMatchObject({ body: 'PUT /p http a b\n' });
    expect(answer.headers.get('x-from')).toBe('shell');
    expect(await call(url, { headers: { 'x-nuclio-arguments': 'c $(id)' } })).toMatchObject({ body: 'GET / http c $(id)\n' });
  });

  it('gets a path decoded, without what no environment can hold', async () => {
    const { url } = await run('printf %s "$NUCLIO_EVENT_PATH"');
    expect(await call(`${url}/a%20b%00/c%2f..%2fd`)).toMatchObject({ status: 200, body: '/a b/d' });
  });

  it('that fails is answered with 500, its code and what it printed', async () => {
    const { url } = await run('echo half; exit 3');
    expect(await call(url)).toMatchObject({ status: 500, body: 'Failed to run shell command.\nError: exit status 3\nOutput:half\n' });
  });

  it('that takes too long is ended with all that it started, and the next event is served', async () => {
    const { url } = await run('if [ "$NUCLIO_EVENT_PATH" = /slow ]; then sleep 300 | cat; fi; echo ok', { eventTimeout: '200ms' });
    expect(await call(`${url}/slow`)).toMatchObject({ status: 408 });
    expect(await call(url)).toMatchObject({ status: 200, body: 'ok\n' });
  });

  it('that takes too long in a batch is the last of it that runs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shell-batch-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const script = `read -r body; echo "$body" >>${folder}/began; [ "$body" != slow ] || sleep 300`;
    const batch = { mode: 'enable', batchSize: 2, timeout: '10s' };
    const { url } = await run(script, { eventTimeout: '300ms', trigger: { batch } });
    const ask = (body: string) => call(url, { method: 'POST', body });
    const first = ask('slow\n');
    // The first in a batch is the one that came first.
    await delay(100);
    expect(await Promise.all([first, ask('second\n')])).toMatchObject([{ status: 408 }, { status: 408 }]);
    // What follows runs in another worker, and would have come after a program of the batch before.
    await Promise.all([ask('third\n'), ask('fourth\n')]);
    expect((await readFile(join(folder, 'began'), 'utf8')).trim().split('\n').sort()).toEqual(['fourth', 'slow', 'third']);
  });

  it('that is not there ends the processor with a clear error', async () => {
    await expect(run('echo', { handler: 'other.sh' })).rejects.toThrow(/other\.sh cannot be read/);
  });
});

describe('a program', () => {
  it('is found by PATH', async () => {
    const { url } = await run('', { handler: 'cat' });
    expect(await call(url, { method: 'POST', body: 'x' })).toMatchObject({ status: 200, body: 'x' });
  });
});
