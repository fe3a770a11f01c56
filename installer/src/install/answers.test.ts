import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitHost } from '../host/testing/fit-host.ts';
import { paths } from '../paths.ts';
import { temporaryFolder } from '../pki/testing.ts';
import { outcomeOf } from '../preflight/testing.ts';
import { readAnswers, resolveAnswers, saveAnswers } from './answers.ts';

const written = async (text: string) => {
  const file = join(await temporaryFolder(), 'answers.yaml');
  await writeFile(file, text);
  return file;
};
const installedWith = (text: string) => fitHost({ [paths.answers]: text });

describe('a file of answers', () => {
  it('may be empty', async () => {
    expect(await readAnswers(await written('\n'))).toMatchObject({ hostname: 'ampoule.internal', podCidr: '10.244.0.0/16' });
  });

  it('has every mistake named at once', async () => {
    const file = await written('nodeAddress: nowhere\npodCidr: 10.0.0.0\nhostnam: x\n');
    await expect(readAnswers(file)).rejects.toMatchObject({
      code: 'AMP_INPUT_INVALID',
      what: `${file} is not valid`,
      why: expect.stringMatching(/nodeAddress: must be[\s\S]*podCidr: must be[\s\S]*hostnam/),
    });
  });

  it.each([
    ['that is not there', async () => '/no/answers.yaml'],
    ['that is not YAML', () => written('a: [')],
  ])('%s is an error that names it', async (_kind, file) => {
    await expect(readAnswers(await file())).rejects.toMatchObject({
      code: 'AMP_INPUT_INVALID',
      what: expect.stringContaining('answers.yaml'),
    });
  });
});

describe('the answers of an install', () => {
  it('are the defaults and what the host tells', async () => {
    expect(await resolveAnswers(undefined, await fitHost())).toEqual({
      nodeAddress: '10.0.0.5',
      nodeName: 'node1',
      hostname: 'ampoule.internal',
      podCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
    });
  });

  it('are those of the earlier install where none are given', async () => {
    const host = await installedWith('nodeAddress: 10.0.0.9\nhostname: site.example\n');
    expect(await resolveAnswers(undefined, host)).toMatchObject({ nodeAddress: '10.0.0.9', hostname: 'site.example' });
  });

  it('keep the address of the earlier install where those given name none', async () => {
    const host = await installedWith('nodeAddress: 10.0.0.9\n');
    expect(await resolveAnswers(await readAnswers(await written('')), host)).toMatchObject({ nodeAddress: '10.0.0.9' });
  });

  it('may not differ from those of the earlier install', async () => {
    const host = await installedWith('nodeAddress: 10.0.0.5\n');
    const given = await readAnswers(await written('hostname: other.example\npodCidr: 10.200.0.0/16\n'));
    await expect(resolveAnswers(given, host)).rejects.toMatchObject({
      code: 'AMP_INSTALL_CONFIG_CHANGED',
      why: 'podCidr: 10.244.0.0/16 on this host, 10.200.0.0/16 asked for\nhostname: ampoule.internal on this host, other.example asked for',
    });
  });

  it('leave an address and a name that the host lacks to the preflight, which fails', async () => {
    const host = await fitHost({ '/proc/net/route': 'Iface\n', '/proc/sys/kernel/hostname': '\n' }, { addresses: () => [] });
    const config = await resolveAnswers(undefined, host);
    expect(config).toMatchObject({ nodeAddress: '0.0.0.0', nodeName: '' });
    const input = { host, config, needs: { createdAt: new Date(0), installBytes: 1, architecture: 'amd64' as const } };
    for (const id of ['network.default-route', 'network.address', 'network.node-address', 'hostname.valid']) {
      expect(await outcomeOf(id, input)).toMatchObject({ status: 'fail' });
    }
  });

  it('are found again after they were saved', async () => {
    const host = await fitHost();
    const config = await resolveAnswers(undefined, host);
    await saveAnswers(config, host.at(paths.answers));
    expect(await readFile(host.at(paths.answers), 'utf8')).not.toContain('nodeName');
    expect(await resolveAnswers(undefined, host)).toEqual(config);
  });
});
