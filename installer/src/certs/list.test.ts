import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { ensurePki, type Pki } from '../pki/ensure.ts';
import { issueRoot, issueServer } from '../pki/issue.ts';
import { generateKey } from '../pki/keys.ts';
import { kubeadmPkiFiles } from '../pki/kubeadm.ts';
import { now, optionsFor } from '../pki/testing.ts';
import { listCertificates } from './list.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let folder: string;
let pki: Pki;
const path = (...segments: string[]) => join(folder, ...segments);
const unreadable: string[] = [];
const list = (at = now) =>
  listCertificates({
    pki: path('pki'),
    kubernetes: path('kubernetes'),
    kubelet: path('kubelet'),
    now: at,
    onUnreadable: (file) => unreadable.push(file),
  });

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ampoule-certs-'));
  pki = await ensurePki(optionsFor(path('pki')));
  for (const file of await kubeadmPkiFiles(pki)) await put(path('kubernetes/pki', file.path), file.contents);
  const key = await generateKey(2048);
  const issuer = {
    certificate: await readFile(pki.authorities.cluster.certificate, 'utf8'),
    key: await readFile(pki.authorities.cluster.key, 'utf8'),
  };
  const leaf = (commonName: string, from: number, to: number) =>
    issueServer({
      commonName,
      key,
      issuer,
      names: { dns: ['kubernetes'], ip: ['10.96.0.1'] },
      notBefore: new Date(now.getTime() + from * DAY_MS),
      notAfter: new Date(now.getTime() + to * DAY_MS),
    });
  await put(path('kubernetes/pki/apiserver.crt'), leaf('kube-apiserver', -1, 30));
  const client = Buffer.from(leaf('kubernetes-admin', -10, -2)).toString('base64');
  await put(path('kubernetes/admin.conf'), `users:\n- user:\n    client-certificate-data: ${client}\n    client-key-data: c2VjcmV0\n`);
  await put(path('kubernetes/kubelet.conf'), 'users:\n- user:\n    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem\n');
  await put(path('kubelet/pki/kubelet-client-2026-01-01.pem'), leaf('old', -100, -50));
  await put(path('kubelet/pki/kubelet-client-2026-04-01.pem'), leaf('system:node:n1', 1, 364));
  await symlink('kubelet-client-2026-04-01.pem', path('kubelet/pki/kubelet-client-current.pem'));
  await put(path('kubernetes/pki/broken.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('lists every certificate once, the first to expire at the top', async () => {
  const entries = await list();
  expect(entries.map(({ name }) => name.replace(/ [0-9a-f]{8}$/, ''))).toEqual([
    'kubernetes-admin',
    'kube-apiserver',
    'system:node:n1',
    'Ampoule ingress',
    'Ampoule registry',
    'Ampoule cluster CA',
    'Ampoule etcd CA',
    'Ampoule front-proxy CA',
    'Ampoule ingress CA',
    'Ampoule registry CA',
    'Ampoule root CA',
  ]);
});

it.each([
  ['kubernetes-admin', 'expired', -2, 'administrator of the cluster'],
  ['kube-apiserver', 'expiring', 30, 'API server towards its clients'],
  ['system:node:n1', 'not-yet-valid', 364, 'kubelet towards the API server'],
  ['Ampoule registry', 'ok', 1824, 'registry towards its clients'],
])('says that %s is %s', async (name, status, daysLeft, purpose) => {
  expect((await list()).find((entry) => entry.name === name)).toMatchObject({ status, daysLeft, purpose });
});

it('tells names, issuer and all places of a certificate', async () => {
  const entries = await list();
  const server = entries.find(({ name }) => name === 'kube-apiserver');
  expect(server).toMatchObject({
    subject: 'O=Ampoule, CN=kube-apiserver',
    sans: ['DNS:kubernetes', 'IP Address:10.96.0.1'],
    file: path('kubernetes/pki/apiserver.crt'),
  });
  expect(server?.issuer).toMatch(/^O=Ampoule, CN=Ampoule cluster CA [0-9a-f]{8}$/);
  expect(entries.find(({ name }) => name.startsWith('Ampoule cluster CA'))).toMatchObject({
    file: pki.authorities.cluster.certificate,
    alsoIn: [path('kubernetes/pki/ca-signer.crt'), path('kubernetes/pki/ca.crt')],
  });
});

it('shows after fourteen months on a shelf what has to be renewed', async () => {
  const later = await list(new Date(now.getTime() + 425 * DAY_MS));
  expect(later.filter(({ status }) => status === 'expired').map(({ name }) => name)).toEqual([
    'kubernetes-admin',
    'kube-apiserver',
    'system:node:n1',
  ]);
});

it('goes on past a file that it cannot read, and tells of it', async () => {
  unreadable.length = 0;
  await list();
  expect(unreadable).toEqual([path('kubernetes/pki/broken.crt')]);
});

it('is empty on a host without an appliance', async () => {
  expect(await listCertificates({ pki: path('no'), kubernetes: path('no'), kubelet: path('no'), now })).toEqual([]);
});

it("does not take the signer of the kubelet's own certificate for the appliance's root", async () => {
  const key = await generateKey(2048);
  const dates = { notBefore: new Date(now.getTime() - DAY_MS), notAfter: new Date(now.getTime() + 300 * DAY_MS) };
  const signer = issueRoot({ commonName: 'node1-ca@1', key, ...dates });
  const issuer = { certificate: signer, key };
  const leaf = issueServer({ commonName: 'node1@1', key, issuer, names: { dns: ['node1'], ip: [] }, ...dates });
  const kubelet = await mkdtemp(join(tmpdir(), 'ampoule-kubelet-'));
  onTestFinished(() => rm(kubelet, { recursive: true, force: true }));
  await put(join(kubelet, 'pki/kubelet.crt'), `${leaf}${signer}`);
  const entries = await listCertificates({ pki: path('no'), kubernetes: path('no'), kubelet, now });
  expect(Object.fromEntries(entries.map(({ name, purpose }) => [name, purpose]))).toEqual({
    'node1@1': 'kubelet towards its clients',
    'node1-ca@1': "signed the kubelet's own certificate; nothing else trusts it",
  });
});
