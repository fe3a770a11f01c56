import { beforeAll, expect, it } from 'vitest';
import { type Files, hostFolder } from '../../host/testing/host-folder.ts';
import { issueRoot } from '../../pki/issue.ts';
import { generateKey } from '../../pki/keys.ts';
import { removeBrokenFiles } from './kubeadm-leftovers.ts';

const PKI = '/etc/kubernetes/pki';
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: a, cluster: { server: "https://10.0.0.5:6443" } }]
users: [{ name: u, user: { token: t } }]
contexts: [{ name: c, context: { cluster: a, user: u } }]
current-context: c
`;
let certificate: string;
let key: string;
let otherKey: string;

beforeAll(async () => {
  [key, otherKey] = [await generateKey(2048), await generateKey(2048)];
  certificate = issueRoot({ commonName: 'x', key, notBefore: new Date(0), notAfter: new Date('2090-01-01') });
});

async function leftOf(files: Files): Promise<string[]> {
  const host = await hostFolder(files);
  await removeBrokenFiles(host);
  const there = await Promise.all(Object.keys(files).map(async (path) => ((await host.exists(path)) ? [path] : [])));
  return there.flat();
}

it('keeps what kubeadm wrote whole', async () => {
  const files = { [`${PKI}/apiserver.crt`]: certificate, [`${PKI}/apiserver.key`]: key, '/etc/kubernetes/admin.conf': kubeconfig };
  expect(await leftOf(files)).toEqual(Object.keys(files));
});

it.each([
  ['a certificate that was half written', () => ({ crt: certificate.slice(0, 200), key })],
  ['an empty key', () => ({ crt: certificate, key: '' })],
  ['a key whose certificate was not written any more', () => ({ key })],
  ['a key of another try', () => ({ crt: certificate, key: otherKey })],
])('removes both files of a pair with %s', async (_what, make) => {
  const parts: { crt?: string; key?: string } = make();
  const files = Object.fromEntries(Object.entries(parts).map(([kind, text]) => [`${PKI}/etcd/server.${kind}`, text]));
  expect(await leftOf(files)).toEqual([]);
});

it('removes a kubeconfig that was half written', async () => {
  expect(await leftOf({ '/etc/kubernetes/admin.conf': '', '/etc/kubernetes/kubelet.conf': kubeconfig.slice(0, 60) })).toEqual([]);
});

it('leaves the authorities alone, which are not of kubeadm', async () => {
  const files = { [`${PKI}/ca.crt`]: '', [`${PKI}/sa.key`]: '' };
  expect(await leftOf(files)).toEqual(Object.keys(files));
});
