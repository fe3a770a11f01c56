import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, runCli, startWithDashboard } from './testing/cli.ts';

const source = Buffer.from('exports.handler = () => 1').toString('base64');
const spec = { runtime: 'nodejs', handler: 'main:handler', minReplicas: 2, build: { functionSourceCode: source } };

describe('the program', () => {
  it('shows its groups, not the order of nuctl, and says that this works too', async () => {
    const { code, stdout } = await runCli(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)].map(([, name]) => name);
    expect({ code, commands }).toEqual({
      code: 0,
      commands: [
        'fn',
        'project',
        'gateway',
        'event',
        'secret',
        'invocation',
        'dead-letter',
        'template',
        'login',
        'api',
        'completion',
        'help',
      ],
    });
    expect(stdout).toContain('"ampoule get functions" is "ampoule fn get"');
  });

  it.each([[['fn', 'deploy']], [['deploy']], [['get', 'functions']], [['fn', 'run']], [['create', 'project']]])(
    'gives examples in the help of %j',
    async (words) => {
      const { code, stdout } = await runCli([...words, '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Examples:\n  ampoule ${words.join(' ')}`);
    },
  );

  it('says what is missing when it knows no server, and exits with 1', async () => {
    const { code, stdout, stderr } = await runCli(['fn', 'get']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Error AMP_CLI_NO_SERVER: .*\n {2}Fix: .*ampoule login.*\n$/);
  });

  it('tells a script the same as one JSON document', async () => {
    const { code, stdout, stderr } = await runCli(['fn', 'get', '--json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'AMP_CLI_NO_SERVER' } });
  });

  it.each([[['fn', 'gett']], [['fn', 'get', '-o', 'xml']], [['fn', 'get', '--fast']]])('does not know %j', async (args) => {
    expect((await runCli(args)).code).toBe(1);
  });
});

describe('login', () => {
  it('keeps server and token for its owner alone, once the server has taken them', async () => {
    const { dashboard } = await startWithDashboard();
    const home = await folderWith();
    const env = { XDG_CONFIG_HOME: home };

    const refused = await runCli(['login', '--server', dashboard.origin], { env, input: 'wrong' });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('AMP_CLI_TOKEN_WRONG') });
    await expect(stat(join(home, 'ampoule/config.json'))).rejects.toMatchObject({ code: 'ENOENT' });

    const taken = await runCli(['login', '--server', dashboard.origin], { env, input: 'right\n' });
    expect(taken).toMatchObject({ code: 0, stdout: expect.stringContaining(dashboard.origin) });
    expect((await stat(join(home, 'ampoule/config.json'))).mode & 0o777).toBe(0o600);
    expect(await runCli(['project', 'get'], { env })).toMatchObject({ code: 0, stdout: expect.stringContaining('default') });
  });
});

describe('get', () => {
  it('shows functions as nuctl does, in both orders', async () => {
    const { dashboard, cli } = await startWithDashboard();
    await dashboard.create('hello', spec);
    dashboard.setState('hello', 'ready', { internalInvocationUrls: ['hello:8080'], externalInvocationUrls: ['nuclio.example/fn/hello'] });
    dashboard.api.put('/api/v1/namespaces/nuclio/pods/hello-1', { metadata: { labels: { 'nuclio.io/function-name': 'hello' } } });

    const text = ['NAMESPACE  NAME   PROJECT  STATE  REPLICAS  NODE PORT', 'nuclio     hello  default  ready  1/2       -', ''].join('\n');
    for (const words of [
      ['fn', 'get'],
      ['fn', 'list'],
      ['get', 'functions'],
      ['get', 'fu', 'hello'],
    ]) {
      expect(await cli(...words)).toEqual({ code: 0, stdout: text, stderr: '' });
    }
    expect((await cli('fn', 'get', '-o', 'wide')).stdout).toMatch(
      /LABELS +INTERNAL INVOCATION URL +EXTERNAL INVOCATION URLS\n.*hello:8080 +nuclio\.example\/fn\/hello\n$/,
    );
  });

  it('gives one object or a list as YAML and JSON', async () => {
    const { dashboard, cli } = await startWithDashboard();
    await dashboard.create('hello', spec);

    expect((await cli('fn', 'get', 'hello', '-o', 'yaml')).stdout).toMatch(/^metadata:\n {2}name: hello\n/);
    expect(JSON.parse((await cli('fn', 'get', '-o', 'json')).stdout)).toMatchObject([{ metadata: { name: 'hello' } }]);
    expect(JSON.parse((await cli('--json', 'fn', 'get', 'hello')).stdout)).toMatchObject({ metadata: { name: 'hello' } });
  });

  it('chooses by labels', async () => {
    const { dashboard, cli } = await startWithDashboard();
    for (const name of ['a', 'b']) await dashboard.call('POST', '/api/functions', { metadata: { name, labels: { team: name } }, spec });

    const { stdout } = await cli('get', 'functions', '-l', 'team=b', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject([{ metadata: { name: 'b' } }]);
    expect((await cli('fn', 'get', '-l', 'team=c')).stdout).toBe('There are no functions.\n');
  });

  it('says of a function that is not there what the API says', async () => {
    const { cli } = await startWithDashboard();
    expect(await cli('fn', 'get', 'none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('AMP_CLI_REFUSED: Function not found'),
    });
  });

  it('takes nothing from a cluster as a command to the terminal', async () => {
    const { dashboard, cli } = await startWithDashboard();
    await dashboard.call('POST', '/api/projects', { metadata: { name: 'p' }, spec: { description: 'a\u001b[2Jb\u0007\nc' } });
    expect((await cli('project', 'get', 'p', '-o', 'wide')).stdout).toContain('ab c');
  });
});

describe('create and delete', () => {
  it('make projects, gateways and events, and remove them', async () => {
    const { dashboard, cli } = await startWithDashboard();
    await dashboard.create('hello', spec);
    dashboard.setState('hello', 'ready');

    expect(await cli('project', 'create', 'weather', '--owner', 'me')).toMatchObject({ code: 0, stdout: 'Project weather is created.\n' });
    expect(await cli('create', 'agw', 'public', '--host', 'h.example', '--function', 'hello', '--labels', 'a=1')).toMatchObject({
      code: 0,
    });
    expect(await cli('event', 'create', 'e', '--function', 'hello', '--body', 'x', '--attrs', '{"method": "POST"}')).toMatchObject({
      code: 0,
    });
    expect((await cli('gateway', 'get')).stdout).toMatch(/\nnuclio +public +h\.example +\/ +hello +- +-\n$/);
    expect((await cli('get', 'fe')).stdout).toMatch(/\nnuclio +e +- +hello +- +http\n$/);

    expect((await cli('fn', 'delete', 'hello')).stderr).toContain('Function is used by api gateways');
    expect(await cli('delete', 'fn', 'hello', '--with-api-gateways')).toMatchObject({ code: 0, stdout: 'Function hello is removed.\n' });
    expect((await cli('gateway', 'get')).stdout).toBe('There are no API gateways.\n');
    expect(await cli('project', 'delete', 'weather', '--strategy', 'check')).toMatchObject({ stdout: 'Project weather can be removed.\n' });
    expect(await cli('project', 'delete', 'weather')).toMatchObject({ code: 0, stdout: 'Project weather is removed.\n' });
  });
});

describe('export and import', () => {
  it('carry functions to another appliance, where they are held back until they are deployed', async () => {
    const from = await startWithDashboard();
    const to = await startWithDashboard();
    for (const name of ['a', 'b']) await from.dashboard.create(name, spec);

    const all = (await from.cli('export', 'functions')).stdout;
    const one = (await from.cli('fn', 'export', 'a', '-o', 'json')).stdout;
    expect(await runCli(['fn', 'import'], { env: to.env, input: all })).toMatchObject({
      code: 0,
      stdout: 'Function a: 1 created, 0 failed\nFunction b: 1 created, 0 failed\n',
    });
    expect(to.dashboard.stored('b')).toMatchObject({ metadata: { annotations: { 'skip-deploy': 'true' } } });

    const again = await runCli(['import', 'functions', '-n', 'nuclio'], { env: to.env, input: one });
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/AMP_CLI_IMPORT_FAILED: .*0 created, 1 failed[\s\S]*same name/) });
  });

  it('carry projects with all in them, and name what could not be taken in', async () => {
    const from = await startWithDashboard();
    const to = await startWithDashboard();
    await from.dashboard.create('a', spec);
    const file = join(await folderWith({ 'p.yaml': (await from.cli('project', 'export')).stdout }), 'p.yaml');

    expect(await to.cli('project', 'import', file)).toMatchObject({ code: 0, stdout: 'Project default: 1 created, 0 failed\n' });
    expect((await to.cli('project', 'import', file)).stderr).toContain('a: Cannot create two functions with the same name');
  });
});

describe('api', () => {
  it('sends a request as it is', async () => {
    const { cli, env, dashboard } = await startWithDashboard();
    expect(JSON.parse((await cli('api', 'get', '/api/versions')).stdout)).toMatchObject({ dashboard: { label: '1' } });

    const input = JSON.stringify({ metadata: { name: 'p' } });
    expect((await runCli(['api', 'POST', '/api/projects', '--body', '-'], { env, input })).code).toBe(0);
    expect((await dashboard.call('GET', '/api/projects/p')).status).toBe(200);
  });

  it('sends the token to no other server', async () => {
    const { cli } = await startWithDashboard();
    expect((await cli('api', 'GET', '//other.example/x')).stderr).toContain('AMP_CLI_REFUSED: //other.example/x does not lie at');
  });
});
