import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { folderWith, type RunningCli, runCli, startCli } from '../testing/cli.ts';
import { NodeInspector } from '../testing/node-inspector.ts';

const URL_LINE = /Function \S+ answers at (http:\S+)/g;

const say = (text: string) => `exports.handler = (context) => { context.logger.info('called'); return '${text}'; };`;

/** Stands in for the module with which VS Code and others debug: it runs a program, which is then in its hands. */
const DEBUGPY = `
import os, runpy, sys
print('In the hands of a debugger')
option, address, program = sys.argv[1:]
os.environ['DEBUGGER'] = f'{option} {address}'
sys.path.insert(0, os.path.dirname(program))
runpy.run_path(program, run_name='__main__')
`;

async function urlOf(running: RunningCli): Promise<string> {
  await running.seen(/answers at http/);
  return [...running.output().matchAll(URL_LINE)].at(-1)?.[1] ?? '';
}

const answerOf = (url: string) => fetch(url).then((response) => response.text(), String);

describe('run', () => {
  it('starts a function of several files without a cluster, with its variables, and ends at Ctrl-C', async () => {
    const config = { metadata: { name: 'hello' }, spec: { env: [{ name: 'A', value: 'a' }], triggers: { clock: { kind: 'cron' } } } };
    const folder = await folderWith({
      'main.js': "exports.handler = () => require('./lib/text.js')();",
      'lib/text.js': 'module.exports = () => process.env.A + process.env.B;',
      'function.yaml': JSON.stringify(config),
    });
    const running = startCli(['fn', 'run', folder, '--port', '0', '-e', 'B=b'], { TMPDIR: await folderWith() });

    expect(await answerOf(await urlOf(running))).toBe('ab');
    expect(running.output()).toContain('Only requests reach it here, not the triggers clock (cron).');
    expect(await running.end('SIGINT')).toBe(0);
    expect(running.output()).not.toMatch(/Error|at file:/);
  });

  it('leaves nothing behind', async () => {
    const temporary = await folderWith();
    const running = startCli(['run', join(await folderWith({ 'f.mjs': 'export const go = () => 1;' }), 'f.mjs'), '--port', '0'], {
      TMPDIR: temporary,
    });
    const url = await urlOf(running);

    expect(await answerOf(url)).toBe('1');
    expect(await running.end('SIGTERM')).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
    expect(await answerOf(url)).toContain('fetch failed');
    expect(tmpdir()).not.toBe(temporary);
  });

  it('starts it anew when a file changes, at the same address, and waits for the next change when it cannot', async () => {
    const folder = await folderWith({ 'main.js': say('one') });
    const running = startCli(['fn', 'run', folder, '--port', '0', '--watch']);
    const url = await urlOf(running);
    expect(await answerOf(url)).toBe('one');

    await writeFile(join(folder, 'main.js'), say('two'));
    await expect.poll(() => answerOf(url), { timeout: 15_000 }).toBe('two');
    await writeFile(join(folder, 'main.js'), 'exports.handler = (');
    await running.seen(/AMP_CLI_RUN_FAILED/);
    await writeFile(join(folder, 'main.js'), say('three'));
    await expect.poll(() => answerOf(url), { timeout: 15_000 }).toBe('three');

    expect(running.output()).toMatch(/main\.js has changed\.\n/);
    expect(await running.end('SIGINT')).toBe(0);
  });

  it('shows what the function logs, and of a stack what is its own', async () => {
    const folder = await folderWith({ 'main.js': "exports.handler = (context) => {\n  throw new Error('boo');\n};" });
    const running = startCli(['fn', 'run', folder, '--port', '0']);

    await answerOf(await urlOf(running));

    await running.seen(/error {2}Error in handler\n {4}error=Error: boo\n {8}at exports\.handler .*main\.js:2:9\)\n/);
    expect(running.output()).not.toMatch(/node:internal|processor\/src/);
  });

  it('lets a debugger attach that stops in the handler, for longer than an event may take', async () => {
    const folder = await folderWith({
      'main.js': "exports.handler = () => { let said = 'as it was'; debugger; return said; };",
      'function.yaml': JSON.stringify({ metadata: { name: 'hello' }, spec: { eventTimeout: '100ms' } }),
    });
    const running = startCli(['fn', 'run', folder, '--port', '0', '--inspect', '127.0.0.1:0']);
    const [, address = ''] = await running.seen(/Debugger listening on (ws:\/\/127\.0\.0\.1:\S+)/);
    const url = await urlOf(running);
    const inspector = await NodeInspector.attach(address);

    const answer = answerOf(url);
    await inspector.paused;
    await delay(500);
    await inspector.evaluate("said = 'changed'");
    inspector.resume();

    expect(await answer).toBe('changed');
  });

  it('lets a debugger of Python attach, to the one worker that there is then', async () => {
    const folder = await folderWith({
      'main.py': "import os\n\ndef handler(context, event):\n    return os.environ['DEBUGGER']\n",
      'debugpy.py': DEBUGPY,
      'function.yaml': JSON.stringify({
        metadata: { name: 'hello' },
        spec: { runtime: 'python', handler: 'main:handler', triggers: { web: { kind: 'http', numWorkers: 2 } } },
      }),
    });
    const usual = startCli(['fn', 'run', folder, '--port', '0', '--inspect']);
    expect(await answerOf(await urlOf(usual))).toBe('--listen 127.0.0.1:5678');
    expect(usual.output().match(/In the hands of a debugger/g)).toHaveLength(1);
    const other = startCli(['fn', 'run', folder, '--port', '0', '--inspect', '127.0.0.1:5000']);
    expect(await answerOf(await urlOf(other))).toBe('--listen 127.0.0.1:5000');
  });

  it('has no debugger for other runtimes, and says so', async () => {
    const { code, stderr } = await runCli(['fn', 'run', await folderWith({ 'main.sh': 'echo x' }), '--port', '0', '--inspect']);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/AMP_CLI_SOURCE: No debugger .* shell/) });
  });

  it('fails where the function cannot start, or its port is taken', async () => {
    const broken = await runCli(['fn', 'run', await folderWith({ 'main.js': 'exports.handler = (' }), '--port', '0']);
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('AMP_CLI_RUN_FAILED') });
    expect(broken.stdout).toContain('SyntaxError');

    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const taken = await runCli(['fn', 'run', await folderWith({ 'main.js': say('x') }), '--port', String(port)]);
    server.close();
    expect(taken).toMatchObject({ code: 1, stdout: expect.stringContaining('EADDRINUSE') });
  });

  it('says what it cannot run', async () => {
    const folder = await folderWith({ 'a.js': '', 'b.js': '' });
    expect((await runCli(['run', folder])).stderr).toContain('AMP_CLI_SOURCE: It cannot be told where the function');
    expect((await runCli(['run', join(folder, 'none')])).stderr).toContain('AMP_CLI_SOURCE');
    expect((await runCli(['run', folder, '--port', 'x', '-e', 'A'])).stderr).toMatch(
      /port: must be a number\n[\s\S]*env\.0: must be NAME=VALUE/,
    );
  });
});
