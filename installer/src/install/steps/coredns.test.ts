import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { applyObjects } from '../../kube/apply.ts';
import { type ApiServer, startApiServer } from '../../kube/testing.ts';
import { ensureCoreDns, hasCoreDns } from './coredns.ts';

let server: ApiServer;
let calls: string[];
beforeAll(async () => {
  server = await startApiServer();
  await applyObjects(server.kubeconfig, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }], () => undefined);
}, 90_000);
afterAll(() => server.stop());
beforeEach(() => {
  calls = [];
});

const namespace = 'kube-system';
const labels = { 'k8s-app': 'kube-dns' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'coredns', image: 'coredns:1.14.6' }] } };

async function createDeployment(): Promise<void> {
  const body = { metadata: { name: 'coredns', labels }, spec: { selector: { matchLabels: labels }, template } };
  await server.kubeconfig.makeApiClient(AppsV1Api).createNamespacedDeployment({ namespace, body });
}

async function createService(): Promise<void> {
  const body = { metadata: { name: 'kube-dns' }, spec: { selector: labels, ports: [{ port: 53 }] } };
  await server.kubeconfig.makeApiClient(CoreV1Api).createNamespacedService({ namespace, body });
}

/** As kubeadm does it: it fails where a CoreDNS is there already. */
async function kubeadm(args: readonly string[]): Promise<void> {
  calls.push(args.join(' '));
  await createDeployment();
  await createService();
}

const ensure = () => ensureCoreDns(server.kubeconfig, () => undefined, kubeadm);

it('has kubeadm set up CoreDNS once, and leaves one alone that is whole', async () => {
  await ensure();
  expect(calls).toEqual(['init phase addon coredns']);
  expect(await hasCoreDns(server.kubeconfig)).toBe(true);
  await ensure();
  expect(calls).toHaveLength(1);
});

it('makes anew what a kubeadm that was killed has left half made', async () => {
  await server.kubeconfig.makeApiClient(CoreV1Api).deleteNamespacedService({ namespace, name: 'kube-dns' });
  expect(await hasCoreDns(server.kubeconfig)).toBe(false);
  await ensure();
  expect(calls).toEqual(['init phase addon coredns']);
  expect(await hasCoreDns(server.kubeconfig)).toBe(true);
});
