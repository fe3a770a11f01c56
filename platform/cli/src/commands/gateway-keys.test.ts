import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startWithDashboard } from '../testing/cli.ts';

describe('gateway key', () => {
  async function withGateway(...flags: string[]) {
    const started = await startWithDashboard();
    const { cli } = started;
    expect(await cli('gateway', 'create', 'public', '--host', 'h.example', '--function', 'f', ...flags)).toMatchObject({ code: 0 });
    const specOf = async () => JSON.parse((await cli('gateway', 'get', 'public', '-o', 'json')).stdout).spec;
    return { ...started, specOf };
  }

  it('create shows the key alone, and gives the API its hash', async () => {
    const { cli, specOf } = await withGateway('--authentication-mode', 'accessKey');
    const { code, stdout, stderr } = await cli('gateway', 'key', 'create', 'public', 'ann');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'This is the key of ann for API gateway public. Nobody can show it again.\n' });
    expect(stdout).toMatch(/^ampk_[\w-]{43}\n$/);
    const sha256 = createHash('sha256').update(stdout.trim()).digest('hex');
    expect(await specOf()).toMatchObject({ authenticationMode: 'accessKey', authentication: { accessKeys: [{ name: 'ann', sha256 }] } });
    expect(JSON.stringify(await specOf())).not.toContain(stdout.trim());
  });

  it('create says that a gateway asks for no keys, and makes it ask', async () => {
    const { cli, specOf } = await withGateway();
    expect((await cli('gateway', 'key', 'create', 'public', 'ann')).stderr).toContain('The gateway does not ask for keys yet');
    expect(await specOf()).toMatchObject({ authenticationMode: 'none' });
    const { stdout, stderr } = await cli('--json', 'gateway', 'key', 'create', 'public', 'bob', '--require');
    expect(JSON.parse(stdout)).toEqual({ gateway: 'public', name: 'bob', key: expect.any(String), authenticationMode: 'accessKey' });
    expect(stderr).toBe('');
    expect(await specOf()).toMatchObject({
      host: 'h.example',
      authenticationMode: 'accessKey',
      authentication: { accessKeys: [{ name: 'ann' }, { name: 'bob' }] },
    });
  });

  it('list and delete show who has a key, and take it back', async () => {
    const { cli, specOf } = await withGateway();
    expect((await cli('gateway', 'key', 'list', 'public')).stdout).toBe('API gateway public has no keys.\n');
    for (const name of ['ann', 'bob']) await cli('gateway', 'key', 'create', 'public', name);
    expect((await cli('gateway', 'key', 'list', 'public')).stdout).toMatch(/^NAME +CREATED\nann +20\S+Z\nbob +20\S+Z\n$/);
    expect((await cli('gateway', 'key', 'list', 'public', '-o', 'wide')).stdout).toMatch(/SHA-256\nann .* [0-9a-f]{64}\n/);
    for (const name of ['ann', 'ann']) {
      const removed = { code: 0, stdout: `Key ${name} of API gateway public is removed.\n`, stderr: '' };
      expect(await cli('gateway', 'key', 'delete', 'public', name)).toEqual(removed);
    }
    expect(JSON.parse((await cli('gateway', 'key', 'list', 'public', '-o', 'json')).stdout)).toMatchObject([{ name: 'bob' }]);
    expect((await specOf()).authentication.accessKeys).toHaveLength(1);
  });

  it('says what the API says of a name that is taken or cannot be, and of a gateway that is not there', async () => {
    const { cli } = await withGateway();
    await cli('gateway', 'key', 'create', 'public', 'ann');
    const refused = async (...words: string[]) => {
      const { code, stdout, stderr } = await cli('gateway', 'key', ...words);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      return stderr;
    };
    expect(await refused('create', 'public', 'ann')).toContain('must not have the name ann twice');
    expect(await refused('create', 'public', 'a b')).toContain('spec.authentication.accessKeys.1.name');
    expect(await refused('list', 'none')).toContain('API gateway not found');
  });
});
