import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith, runCli, startWithDashboard } from '../testing/cli.ts';

const SECRET = '/api/v1/namespaces/nuclio/secrets/database';
const masking = { platform: { sensitiveFields: { maskSensitiveFields: true } } };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const spec = { runtime: 'nodejs', handler: 'main:handler', build: { functionSourceCode: base64('exports.handler = () => 1') } };

describe('secret create', () => {
  it('keeps values of files and of lines, and repeats none of them', async () => {
    const { dashboard, cli } = await startWithDashboard();
    const folder = await folderWith({ 'ca.crt': 'CERT\n', '.env': '# of tests\n\nUSER=me\nPASSWORD=s3=cret\n' });

    const created = await cli(
      'secret',
      'create',
      'database',
      '--from-file',
      `ca=${join(folder, 'ca.crt')}`,
      '--from-env-file',
      join(folder, '.env'),
    );

    expect(created).toEqual({ code: 0, stdout: 'Secret database is created, with PASSWORD, USER, ca.\n', stderr: '' });
    expect(dashboard.api.objects.get(SECRET)).toMatchObject({
      data: { ca: base64('CERT\n'), USER: base64('me'), PASSWORD: base64('s3=cret') },
    });
  });

  it('takes a value from standard input, and replaces a secret only where it is told to', async () => {
    const { dashboard, env } = await startWithDashboard();
    const create = (input: string, ...more: string[]) =>
      runCli(['secret', 'create', 'database', '--from-file', 'password=-', ...more], { env, input });

    expect(await create('old', '--replace')).toMatchObject({ code: 0, stdout: 'Secret database is created, with password.\n' });
    expect(await create('new')).toMatchObject({ code: 1, stderr: expect.stringContaining('Secret already exists') });
    expect(await create('new', '--replace')).toMatchObject({ code: 0, stdout: 'Secret database is replaced, with password.\n' });
    expect(dashboard.api.objects.get(SECRET)).toMatchObject({ data: { password: base64('new') } });
  });

  it('says what is wrong by the number of a line, without its text', async () => {
    const { cli } = await startWithDashboard();
    const folder = await folderWith({ '.env': 'A=1\ns3cret\n' });

    const wrong = await cli('secret', 'create', 'database', '--from-env-file', join(folder, '.env'));

    expect(wrong.stderr).toContain('line 2: must be NAME=VALUE');
    expect(wrong.stderr).not.toContain('s3cret');
    expect((await cli('secret', 'create', 'database')).stderr).toContain('needs a value');
  });
});

describe('a secret that is there', () => {
  const kept = async () => {
    const world = await startWithDashboard();
    const body = { metadata: { name: 'database' }, spec: { data: { PASSWORD: base64('s3cret') } } };
    expect((await world.dashboard.call('POST', '/api/secrets', body)).status).toBe(201);
    return world;
  };

  it('is given to a function as variables and as files', async () => {
    const { dashboard, cli } = await kept();
    const folder = await folderWith({ 'main.js': 'exports.handler = () => 1' });

    const flags = ['--secret', 'database', '--secret-volume', 'database:/db', '--no-wait'];
    expect((await cli('deploy', 'f', '--path', join(folder, 'main.js'), ...flags)).code).toBe(0);

    expect(dashboard.stored('f')?.spec).toMatchObject({
      envFrom: [{ secretRef: { name: 'database' } }],
      volumes: [{ volume: { secret: { secretName: 'database' } }, volumeMount: { mountPath: '/db', readOnly: true } }],
    });
  });

  it('is listed and shown with its keys and who has it, and without its values', async () => {
    const { dashboard, cli } = await kept();
    await dashboard.create('f', { ...spec, envFrom: [{ secretRef: { name: 'database' } }] });

    const [listed, shown] = [await cli('secret', 'list'), await cli('secret', 'get', 'database', '-o', 'yaml')];

    expect(listed.stdout).toMatch(/^Namespace +Name +Keys +Functions\nnuclio +database +PASSWORD +f/i);
    expect(listed.stdout + shown.stdout).not.toMatch(/s3cret|czNjcmV0/);
  });

  it('is removed once nobody has it', async () => {
    const { dashboard, cli } = await kept();
    await dashboard.create('f', { ...spec, envFrom: [{ secretRef: { name: 'database' } }] });

    expect(await cli('secret', 'delete', 'database')).toMatchObject({ code: 1, stderr: expect.stringContaining('used by functions: f') });
    await dashboard.call(
      'DELETE',
      '/api/functions',
      { metadata: { name: 'f' } },
      { 'x-nuclio-delete-function-ignore-state-validation': 'true' },
    );
    expect(await cli('secret', 'delete', 'database')).toMatchObject({ code: 0, stdout: 'Secret database is removed.\n' });
  });
});

describe('a function with a password', () => {
  const config = 'spec:\n  triggers:\n    k:\n      kind: nats\n      url: nats://h\n      password: s3cret\n';

  it('is exported without it, and with it where a backup asks for that', async () => {
    const { dashboard, cli } = await startWithDashboard(undefined, masking);
    await dashboard.create('f', { ...spec, triggers: { k: { kind: 'nats', password: 's3cret' } } });

    expect((await cli('fn', 'export', 'f')).stdout).not.toMatch(/s3cret|\$ref/);
    expect((await cli('fn', 'export', 'f', '--with-secrets')).stdout).toContain('password: s3cret');
  });

  it('does not differ from its file because of it', async () => {
    const { cli } = await startWithDashboard(undefined, masking);
    const folder = await folderWith({ 'function.yaml': `metadata:\n  name: f\n${config}`, 'main.js': 'exports.handler = () => 1' });
    await cli('deploy', folder, '--no-wait');

    expect(await cli('diff', folder)).toEqual({ code: 0, stdout: 'A deploy of f would change nothing.\n', stderr: '' });
  });
});
