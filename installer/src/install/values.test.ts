import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillTemplate } from '@ampoule/lib/template';
import { load } from 'js-yaml';
import { expect, it } from 'vitest';
import { fitHost } from '../host/testing/fit-host.ts';
import { detectTraits } from '../host/traits.ts';
import { temporaryFolder } from '../pki/testing.ts';
import { resolved, testBundle } from './testing.ts';
import { kubeadmValues, manifestValues } from './values.ts';

it('fills every placeholder of the kubeadm configuration', async () => {
  const template = await readFile(join(import.meta.dirname, '../../../manifests/kubeadm/kubeadm.yaml'), 'utf8');
  const values = kubeadmValues({ config: resolved, traits: await detectTraits(await fitHost()) }, '/etc/resolv.conf');
  const documents = fillTemplate(template, values, 'kubeadm.yaml')
    .split(/^---$/m)
    .map((text) => load(text));
  expect(documents).toMatchObject([
    { localAPIEndpoint: { advertiseAddress: '10.0.0.5' }, nodeRegistration: { name: 'node1' } },
    { networking: { podSubnet: '10.244.0.0/16', serviceSubnet: '10.96.0.0/16' } },
    { cgroupDriver: 'systemd', clusterDNS: ['10.96.0.10'], resolvConf: '/etc/resolv.conf' },
    { mode: 'nftables' },
  ]);
});

it.each([
  ['10.96.0.0/16', '10.96.0.10'],
  ['192.168.7.240/28', '192.168.7.250'],
])('puts the DNS service of %s at %s', async (serviceCidr, address) => {
  const traits = await detectTraits(await fitHost());
  expect(kubeadmValues({ config: { ...resolved, serviceCidr }, traits }, '')).toMatchObject({ dnsServiceIp: address });
});

it('gives manifests the secrets and certificates in base64, as Secrets want them', async () => {
  const folder = await temporaryFolder();
  const put = async (name: string) => {
    await writeFile(join(folder, name), `text of ${name}`);
    return join(folder, name);
  };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const warmKey = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const pair = { certificate: await put('crt'), key: await put('key') };
  const values = await manifestValues(
    { bundle: await testBundle(), config: resolved },
    { username: 'ampoule', password: 'p', dashboardToken: 't', warmKey, natsToken: 'n' },
    { trust: await put('trust'), servers: { ingress: pair, registry: pair } },
  );
  const plain = (name: string) => Buffer.from(values[name] ?? '', 'base64').toString('utf8');
  expect(values).toMatchObject({ version: '1.0.0', registryUrl: 'https://10.0.0.5:5000', hostname: 'ampoule.internal' });
  expect(['registryPasswordBase64', 'dashboardTokenBase64', 'natsTokenBase64', 'registryCaBase64', 'ingressKeyBase64'].map(plain)).toEqual([
    'p',
    't',
    'n',
    'text of trust',
    'text of key',
  ]);
  const tokens = ['invokerTokenBase64', 'invokerIntakeTokenBase64'].map(plain);
  expect(tokens).toEqual([expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{43}$/)]);
  expect(tokens[0]).not.toBe(tokens[1]);
  expect(plain('warmPrivateKeyBase64')).toBe(warmKey);
  expect(values.warmPublicKey).toBe(publicKey.export({ format: 'der', type: 'spki' }).toString('base64'));
});
