import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folderWith, playPlatform, startWithDashboard } from '../testing/cli.ts';

const code = 'exports.handler = () => 1;';
const at = (name: string) => `/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/${name}`;

function pathOf(stored: unknown): string {
  return Object(stored).spec.build.path;
}

async function namesIn(archive: Buffer): Promise<string[]> {
  const names: string[] = [];
  const entries = extract();
  const piping = pipeline(Readable.from([archive]), createGunzip(), entries);
  for await (const entry of entries) {
    if (entry.header.type === 'file') names.push(entry.header.name);
    entry.resume();
  }
  await piping;
  return names;
}

describe('deploy', () => {
  it('takes a folder as it is: name, runtime and handler are found', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = join(await folderWith({ 'My Hello/main.ts': code }), 'My Hello');
    playPlatform(dashboard, 'my-hello', 'ready', { externalInvocationUrls: ['nuclio.example/fn/my-hello'] });

    const { code: exit, stdout } = await cli('fn', 'deploy', folder);

    expect(exit).toBe(0);
    expect(stdout).toMatch(/^ {2}.* info {3}Image x was built in 5 ms$/m);
    expect(stdout).toMatch(
      /Deploying my-hello: ready\nFunction my-hello is ready after [\d.]+ s\.\n {2}http:\/\/nuclio\.example\/fn\/my-hello\n {2}ampoule invoke my-hello\n$/,
    );
    expect(dashboard.stored('my-hello')).toMatchObject({
      spec: { runtime: 'nodejs', handler: 'main.ts:handler', build: { functionSourceCode: Buffer.from(code).toString('base64') } },
    });
  });

  it('takes function.yaml, and flags above it', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const config = {
      apiVersion: 'nuclio.io/v1beta1',
      metadata: { name: 'hello', labels: { a: '1' } },
      spec: {
        handler: 'main:go',
        minReplicas: 1,
        env: [
          { name: 'A', value: 'old' },
          { name: 'B', value: 'b' },
        ],
      },
    };
    const folder = await folderWith({ 'main.py': 'def go(context, event):\n    return 1', 'function.yaml': JSON.stringify(config) });

    const flags = ['-e', 'A=new,1', '-e', 'C=c', '-l', 'b=2,c=3', '--max-replicas', '4', '--resource-limit', 'memory=64Mi', '--no-pull'];
    const more = ['--triggers', '{"web": {"kind": "http", "numWorkers": 3}}', '--volume', '/a:/b', '--run-as-user', '7', '--disable'];
    const { code: exit, stdout } = await cli('deploy', 'other', '--path', folder, '--no-wait', ...flags, ...more);

    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'Function other is being deployed.\n' });
    expect(dashboard.stored('other')).toMatchObject({
      metadata: { labels: { a: '1', b: '2', c: '3', 'nuclio.io/project-name': 'default' } },
      spec: {
        handler: 'main:go',
        env: [
          { name: 'B', value: 'b' },
          { name: 'A', value: 'new,1' },
          { name: 'C', value: 'c' },
        ],
        minReplicas: 1,
        maxReplicas: 4,
        disable: true,
        resources: { limits: { memory: '64Mi' } },
        triggers: { web: { kind: 'http', numWorkers: 3 } },
        securityContext: { runAsUser: 7 },
        volumes: [{ volume: { name: 'volume-1', hostPath: { path: '/a' } }, volumeMount: { name: 'volume-1', mountPath: '/b' } }],
        build: { noBaseImagesPull: true },
      },
    });
  });

  it('replaces a function, and leaves it in its project', async () => {
    const { dashboard, cli } = await startWithDashboard();
    await dashboard.call('POST', '/api/projects', { metadata: { name: 'weather' } });
    const file = join(await folderWith({ 'hello.js': code }), 'hello.js');

    expect(await cli('fn', 'deploy', file, '--no-wait', '--project-name', 'weather')).toMatchObject({ code: 0 });
    dashboard.setState('hello', 'ready');
    expect(await cli('fn', 'deploy', file, '--no-wait', '--desc', 'new')).toMatchObject({ code: 0 });

    expect(dashboard.stored('hello')).toMatchObject({
      metadata: { labels: { 'nuclio.io/project-name': 'weather' } },
      spec: { description: 'new' },
    });
  });

  it('fails with what the function came to grief of', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });
    playPlatform(dashboard, 'bad', 'error', { message: 'Pod nuclio-bad-1: CrashLoopBackOff' });

    const { code: exit, stdout } = await cli('--json', 'fn', 'deploy', folder, '--name', 'bad');

    expect(exit).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'AMP_CLI_DEPLOY_FAILED', why: 'Pod nuclio-bad-1: CrashLoopBackOff' } });
  });

  it('waits no longer than it may', async () => {
    const { cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });

    const { code: exit, stderr } = await cli('fn', 'deploy', folder, '--name', 'slow', '--timeout', '300ms');

    expect(exit).toBe(1);
    expect(stderr).toContain('AMP_CLI_DEPLOY_TIMEOUT: Function slow is still building');
  });

  it('names all mistakes of a command line at once', async () => {
    const { cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });

    const { code: exit, stderr } = await cli(
      'deploy',
      folder,
      '--triggers',
      '{',
      '--min-replicas',
      'x',
      '-e',
      'A',
      '--logger-level',
      'loud',
    );

    expect(exit).toBe(1);
    for (const flag of ['--triggers', '--min-replicas', '--env.0', '--logger-level'])
      expect(stderr).toMatch(new RegExp(`^ +${flag}: must be`, 'm'));
  });

  it.each([
    ['a folder that does not say where it begins', { 'a.js': code, 'b.js': '' }, 'It is not clear in which file'],
    [
      'a folder that is too large',
      { 'main.js': code, 'data.bin': '0'.repeat(65 << 20) },
      'is too large for a function: 2 files with 66 MiB',
    ],
    ['a folder without code', { 'README.md': '' }, 'There is no source code'],
  ])('refuses %s', async (_what, files, text) => {
    const { dashboard, cli } = await startWithDashboard();

    const { code: exit, stderr } = await cli('fn', 'deploy', await folderWith(files), '--name', 'x');

    expect(exit).toBe(1);
    expect(stderr).toMatch(/^Error AMP_CLI_SOURCE: /);
    expect(stderr).toContain(text);
    expect(dashboard.stored('x')).toBeUndefined();
  });

  it('sends the files of a folder with its packages, the same ones to the same place', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const files = {
      'main.js': code,
      'lib/other.js': 'exports.x = 1',
      'node_modules/a/index.js': 'exports.a = 1',
      'node_modules/a/README.js': '',
      'node_modules/.package-lock.json': '{}',
      'README.md': 'text',
      '.git/config': '',
    };

    expect(await cli('deploy', await folderWith(files), '--name', 'x', '--no-wait')).toMatchObject({ code: 0, stderr: '' });
    expect(await cli('deploy', await folderWith(files), '--name', 'y', '--no-wait')).toMatchObject({ code: 0, stderr: '' });

    const path = 'spec.build.path';
    expect(dashboard.stored('x')).toMatchObject({ spec: { handler: 'main:handler', build: { codeEntryType: 'archive' } } });
    expect(dashboard.stored('x')).toHaveProperty(path, expect.stringMatching(/^registry:sha256:[0-9a-f]{64}$/));
    expect(dashboard.stored('y')).toHaveProperty(path, pathOf(dashboard.stored('x')));
    const archive = dashboard.registry.blobs.get(
      `ampoule.internal/sources/nuclio@${pathOf(dashboard.stored('x')).replace('registry:', '')}`,
    );
    expect(await namesIn(archive ?? Buffer.alloc(0))).toEqual([
      'lib/other.js',
      'main.js',
      'node_modules/a/README.js',
      'node_modules/a/index.js',
    ]);
  });

  it('takes the address of an archive, which the builder fetches', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const path = 'http://files.example/hello.tar.gz';
    expect(await cli('deploy', 'x', '--path', path, '--runtime', 'nodejs', '--no-wait')).toMatchObject({ code: 0 });
    expect(dashboard.stored('x')).toMatchObject({ spec: { build: { path, codeEntryType: 'archive' } } });
  });

  it('runs an image as it is', async () => {
    const { dashboard, cli } = await startWithDashboard();
    expect(await cli('deploy', 'x', '--run-image', 'registry/x:1', '--runtime', 'nodejs', '--no-wait')).toMatchObject({ code: 0 });
    expect(dashboard.stored('x')).toMatchObject({ spec: { image: 'registry/x:1' } });
  });
});

describe('build', () => {
  it('makes the image of a function, and does not run it', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });
    const image = 'ampoule.internal/functions/nuclio/hello:1';
    const builder = setInterval(() => {
      const spec = Object(dashboard.stored('hello')).spec;
      if (spec === undefined) return;
      dashboard.api.put(at('hello'), { spec: { ...spec, image } });
      dashboard.setState('hello', 'imported');
    }, 50);
    onTestFinished(() => clearInterval(builder));

    const { code: exit, stdout, stderr } = await cli('fn', 'build', folder, '--name', 'hello', '--build-command', 'true');

    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain(`Image ${image} is built. Run it:\n  ampoule fn deploy hello --run-image ${image}\n`);
    expect(dashboard.stored('hello')).toMatchObject({
      metadata: { annotations: { 'skip-deploy': 'true' } },
      spec: { build: { commands: ['true'] } },
    });
  });

  it('builds again what could not be built before', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });
    playPlatform(dashboard, 'hello', 'error', { message: 'a command failed' });
    expect(await cli('fn', 'build', folder, '--name', 'hello')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a command failed'),
    });

    expect((await cli('fn', 'build', folder, '--name', 'hello')).stderr).not.toContain('AMP_CLI_BUILD_RUNS');
  });

  it('leaves a function alone that runs', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code });
    playPlatform(dashboard, 'hello');
    expect(await cli('fn', 'deploy', folder, '--name', 'hello')).toMatchObject({ code: 0 });
    const before = dashboard.stored('hello');

    const { code: exit, stderr } = await cli('build', folder, '--name', 'hello');

    expect(exit).toBe(1);
    expect(stderr).toContain('AMP_CLI_BUILD_RUNS: Function hello is there, and is ready');
    expect(dashboard.stored('hello')).toEqual(before);
  });
});

describe('diff', () => {
  it('shows what a deploy would change, and says so by its exit code', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'main.js': code, 'function.yaml': '{metadata: {name: hello}, spec: {minReplicas: 1}}' });

    expect(await cli('fn', 'diff', folder)).toMatchObject({ code: 1, stdout: 'Function hello is not there; a deploy would create it.\n' });
    await cli('fn', 'deploy', folder, '--no-wait');
    const { spec } = dashboard.stored('hello') as { spec: { build: object } };
    const built = { ...spec, image: 'ampoule.internal/hello:1', build: { ...spec.build, timestamp: 5, mode: '' } };
    dashboard.api.put(at('hello'), { spec: built });
    expect(await cli('diff', folder)).toEqual({ code: 0, stdout: 'A deploy of hello would change nothing.\n', stderr: '' });

    const changed = await cli('fn', 'diff', folder, '--min-replicas', '3', '--desc', 'x', '--source', 'exports.a = 1');
    expect(changed).toEqual({
      code: 1,
      stdout: [
        '~ spec.build.functionSourceCode: 1 lines, 26 characters -> 1 lines, 13 characters',
        '+ spec.description: x',
        '~ spec.maxReplicas: 1 -> 3',
        '~ spec.minReplicas: 1 -> 3',
        '',
      ].join('\n'),
      stderr: '',
    });
  });
});
