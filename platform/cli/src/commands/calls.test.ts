import { describe, expect, it } from 'vitest';
import { folderWith, runCli, startCli, startWithDashboard } from '../testing/cli.ts';

const PODS = '/api/v1/namespaces/nuclio/pods';
const code = `exports.handler = (context, event) => {
  context.logger.infoWith('called', { by: event.headers['X-By'] });
  const { Response } = context;
  return new Response(\`\${event.method} \${event.path} \${event.body}\`, { 'x-answer': 'yes' }, 'text/plain', event.path === '/bad' ? 418 : 200);
};`;

/** A dashboard, and behind it a real function that runs on this machine. */
async function withFunction() {
  const started = await startWithDashboard();
  const running = startCli(['fn', 'run', await folderWith({ 'main.js': code }), '--port', '0']);
  const [, address = ''] = await running.seen(/answers at http:\/\/(\S+)\//);
  await started.dashboard.create('hello', { runtime: 'nodejs', handler: 'main:handler', image: 'x' });
  started.dashboard.setState('hello', 'ready', { internalInvocationUrls: [address] });
  return started;
}

describe('invoke', () => {
  it('gives the body of the answer to a pipe, and log and headers beside it', async () => {
    const { env } = await withFunction();

    const got = await runCli(['invoke', 'hello', '-d', 'X-By=me, myself', '-p', '/a?b=1'], { env, input: 'piped' });

    expect(got).toMatchObject({ code: 0, stdout: 'POST /a piped' });
    expect(got.stderr).toMatch(/info +called +by=me, myself\nStatus 200\n[\s\S]*x-answer: yes\n/);
    expect(got.stderr).not.toContain('x-nuclio-logs');
    const quiet = await runCli(['fn', 'invoke', 'hello', '-l', 'none'], { env, input: '' });
    expect(quiet).toMatchObject({ code: 0, stdout: 'GET / ', stderr: expect.not.stringContaining('called') });
  });

  it('fails by the status of the answer only when it shall', async () => {
    const { cli } = await withFunction();

    expect(await cli('fn', 'invoke', 'hello', '-p', '/bad', '-b', 'x')).toMatchObject({ code: 0, stdout: 'POST /bad x' });
    const raised = await cli('fn', 'invoke', 'hello', '-p', '/bad', '--raise-on-status');
    expect(raised).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('AMP_CLI_INVOKE_STATUS: Function hello answered with status 418'),
    });
  });

  it('gives a script all of it as JSON', async () => {
    const { cli } = await withFunction();
    const { stdout } = await cli('--json', 'invoke', 'hello', '-b', 'x');
    expect(JSON.parse(stdout)).toMatchObject({
      status: 200,
      body: 'POST / x',
      logs: [{ message: 'called' }],
      headers: { 'x-answer': 'yes' },
    });
  });

  it('fails where the API cannot call the function', async () => {
    const { dashboard, cli } = await startWithDashboard();
    await dashboard.create('gone', { runtime: 'nodejs', image: 'x' });
    dashboard.setState('gone', 'ready', { internalInvocationUrls: ['127.0.0.1:1'] });

    expect(await cli('invoke', 'none')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Function not found') });
    expect(await cli('invoke', 'gone')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Failed to invoke function'),
    });
    expect(await cli('invoke', 'gone', '-t', 'soon')).toMatchObject({ code: 1, stderr: expect.stringContaining('duration such as 30s') });
  });
});

describe('logs', () => {
  async function withPods(...names: string[]) {
    const started = await startWithDashboard();
    await started.dashboard.create('f', { runtime: 'nodejs', image: 'x' });
    for (const name of names) {
      const metadata = { labels: { 'nuclio.io/function-name': 'f' } };
      started.dashboard.api.put(`${PODS}/${name}`, { metadata, spec: { containers: [{ name: 'nuclio' }] } });
    }
    return started;
  }
  const line = (message: string) =>
    `${JSON.stringify({ time: '2026-01-02T03:04:05.678Z', level: 'info', name: 'f', message, with: { a: 1 } })}\n`;

  it('are for people to read, or as they were written', async () => {
    const { dashboard, cli } = await withPods('f-1');
    dashboard.api.log(`${PODS}/f-1`, `${line('one')}plain\n`);

    expect((await cli('fn', 'logs', 'f')).stdout).toBe('03:04:05.678  info   one  a=1\nplain\n');
    expect((await cli('logs', 'f', '--json', '--tail', '2')).stdout).toBe(`${line('one')}plain\n`);
    expect((await cli('logs', 'f', '--tail', 'x')).stderr).toContain('must be a number of lines');
  });

  it('name the replica of each line where there are several', async () => {
    const { dashboard, cli } = await withPods('f-1', 'f-2');
    dashboard.api.log(`${PODS}/f-1`, 'one\n');
    dashboard.api.log(`${PODS}/f-2`, 'two\n');

    expect((await cli('logs', 'f')).stdout.split('\n').sort()).toEqual(['', 'f-1  one', 'f-2  two']);
  });

  it('go on while they are followed', async () => {
    const { dashboard, env } = await withPods('f-1');
    dashboard.api.log(`${PODS}/f-1`, 'first\n');
    const running = startCli(['logs', 'f', '--follow'], env);
    await running.seen(/^first$/m);
    dashboard.api.log(`${PODS}/f-1`, 'later\n');
    await running.seen(/^later$/m);
  });

  it('say that there are no replicas', async () => {
    const { cli } = await withPods();
    expect(await cli('logs', 'f')).toMatchObject({ code: 0, stdout: 'Function f has no replicas now.\n' });
  });
});
