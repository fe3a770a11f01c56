import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { digestOf } from '@ampoule/lib/oci/digest';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { freePorts } from '@ampoule/lib/testing/free-port';
import { AppsV1Api, CoreV1Api, type KubernetesObject } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Host } from '../host/host.ts';
import { fitHost } from '../host/testing/fit-host.ts';
import { type Files, mountLine } from '../host/testing/host-folder.ts';
import { applyObjects, objectsOf } from '../kube/apply.ts';
import { type ApiServer, kubeConfigFor, startApiServer } from '../kube/testing.ts';
import { paths, ports } from '../paths.ts';
import { ensurePki } from '../pki/ensure.ts';
import { ensureSecrets } from '../secrets.ts';
import type { ComponentStatus } from './model.ts';
import { readStatus } from './status.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const blob = Buffer.from('a layer');
const descriptor = { mediaType: mediaTypes.layerGzip, digest: digestOf(blob), size: blob.length };
const manifest = json({ schemaVersion: 2, mediaType: mediaTypes.manifest, config: descriptor, layers: [descriptor] });
const image = { repository: 'registry.k8s.io/pause', tag: '3.10', digest: digestOf(manifest) };

const installed: Files = { [paths.journal]: '', [paths.images]: JSON.stringify([image]) };
const hostWith = (files: Files = {}) => fitHost({ ...installed, ...files }, { now: () => new Date() });
const noCluster = async () => {
  const [port] = await freePorts(1);
  return kubeConfigFor(`http://127.0.0.1:${port}`);
};
const part = (all: readonly ComponentStatus[], name: string) => all.find(({ component }) => component === name);

it('says so on a host without an appliance', async () => {
  await expect(readStatus(await fitHost(), noCluster)).rejects.toMatchObject({ code: 'AMP_NOT_INSTALLED' });
});

it('tells of every part when all is down, each with its reason', async () => {
  const host = await hostWith({ '/usr/bin/systemctl': '#!/bin/sh\nexit 3\n' });
  const all = await readStatus(host, noCluster);
  expect(all.filter(({ component, well }) => !well && !component.startsWith('disk'))).toMatchObject([
    { component: 'ampoule-registry.service', reasons: ['see "journalctl -u ampoule-registry.service"'] },
    { component: 'ampoule-containerd.service' },
    { component: 'kubelet.service' },
    { component: 'registry images', reasons: [expect.stringContaining(paths.secrets)] },
    { component: 'kube-apiserver', detail: 'does not answer', reasons: [expect.stringContaining('ECONNREFUSED')] },
    { component: 'certificates', detail: 'none' },
  ]);
});

it.each([
  ['runs and is enabled', 'exit 0', true, 'active'],
  ['runs, but not after the next boot', '[ "$1" = is-active ]', false, 'active, but not at the next boot'],
])('sees a service that %s', async (_how, body, well, detail) => {
  const host = await hostWith({ '/usr/bin/systemctl': `#!/bin/sh\n${body}\n` });
  expect(part(await readStatus(host, noCluster), 'kubelet.service')).toMatchObject({ well, detail });
});

it.each([
  ['is large and has a small share of room', 9, true, '9.0 GB of 100.0 GB free'],
  ['is nearly full', 0.9, false, '900.0 MB of 100.0 GB free'],
])('tells of each disk once, also of one that %s', async (_how, freeGigabytes, well, detail) => {
  const host = await hostWith({ '/proc/self/mountinfo': mountLine('/', 'ext4') + mountLine('/var/lib/ampoule', 'xfs') });
  const space = async () => ({ freeBytes: freeGigabytes * 1e9, totalBytes: 100e9, freeInodes: 1, totalInodes: 1 });
  const disks = (await readStatus({ ...host, space }, noCluster)).filter(({ component }) => component.startsWith('disk '));
  expect(disks).toMatchObject([
    { component: 'disk /var/lib/ampoule', well, detail },
    { component: 'disk /', well, detail },
  ]);
});

describe('the images of the registry', () => {
  const address = `127.${[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 250)).join('.')}`;

  /** A registry that holds what it is given, with the certificate of the appliance. */
  async function hostWithRegistry(held: Readonly<Record<string, Buffer>>): Promise<Host> {
    const host = await hostWith({ [paths.answers]: `nodeAddress: ${address}\n` });
    const now = new Date();
    const config = { hostname: 'ampoule.example', nodeAddress: address };
    const pki = await ensurePki({ directory: host.at(paths.pki), config, bundleCreatedAt: new Date(0), now });
    const { username, password } = await ensureSecrets(host.at(paths.secrets));
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const { certificate, key } = pki.servers.registry;
    const server = createServer({ cert: await readFile(certificate), key: await readFile(key) }, (request, response) => {
      const found = request.headers.authorization === expected ? held[request.url ?? ''] : undefined;
      response.statusCode = found === undefined ? 404 : 200;
      response.end(request.method === 'HEAD' ? undefined : found);
    }).listen(ports.registry, address);
    onTestFinished(() => void server.close().closeAllConnections());
    await once(server, 'listening');
    return host;
  }

  const whole = { '/v2/registry.k8s.io/pause/manifests/3.10': manifest, [`/v2/registry.k8s.io/pause/blobs/${descriptor.digest}`]: blob };

  it.each([
    ['are all there', whole, true, 'all 1 complete'],
    ['lack a layer', { '/v2/registry.k8s.io/pause/manifests/3.10': manifest }, false, '1 of 1 are not complete'],
    ['are gone', {}, false, '1 of 1 are not complete'],
  ])('%s', async (_how, held, well, detail) => {
    const found = part(await readStatus(await hostWithRegistry(held), noCluster), 'registry images');
    expect(found).toMatchObject({ well, detail });
    if (!well) expect(found?.reasons).toEqual(['registry.k8s.io/pause:3.10', expect.stringContaining('ampoule install')]);
  });

  it('are not known before an install came so far', async () => {
    const host = await fitHost({ [paths.journal]: '' });
    expect(part(await readStatus(host, noCluster), 'registry images')).toMatchObject({ well: false, detail: 'not there yet' });
  });
});

it('counts the certificates, and names those that end soon or cannot be read', async () => {
  const host = await hostWith();
  const config = { hostname: 'ampoule.example', nodeAddress: '10.0.0.5' };
  await ensurePki({ directory: host.at(paths.pki), config, bundleCreatedAt: new Date(0), now: new Date() });
  expect(part(await readStatus(host, noCluster), 'certificates')).toMatchObject({
    well: true,
    detail: expect.stringMatching(/^8, the next expires in 182[34] days$/),
  });
  await writeFile(join(host.at(paths.pki), 'registry.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  const later = { ...host, live: { ...host.live, now: () => new Date(Date.now() + 1800 * 86_400_000) } };
  expect(part(await readStatus(later, noCluster), 'certificates')).toMatchObject({
    well: false,
    reasons: [expect.stringMatching(/^Ampoule ingress: expiring, 2\d days left$/), expect.stringContaining('registry.crt cannot be read')],
  });
});

describe('with a real API server', () => {
  let server: ApiServer;
  const cluster = async () => server.kubeconfig;
  const inCluster = async (name: string) => part(await readStatus(await hostWith(), cluster), name);
  beforeAll(async () => {
    server = await startApiServer();
  }, 90_000);
  afterAll(() => server.stop());

  it('says that functions cannot be listed before their kind is known', async () => {
    expect(await inCluster('kube-apiserver')).toMatchObject({ well: true });
    expect(await inCluster('functions')).toMatchObject({ well: false, detail: 'cannot be listed' });
  });

  it('counts functions by their state; one that fails is shown and is no illness of the appliance', async () => {
    const file = join(import.meta.dirname, '../../../manifests/platform/10-crds.yaml');
    const definitions = objectsOf([{ name: 'crds', text: await readFile(file, 'utf8') }], {});
    const functions = ['ready', 'ready', 'error'].map((state, index): KubernetesObject & { status: object } => ({
      apiVersion: 'nuclio.io/v1beta1',
      kind: 'NuclioFunction',
      metadata: { name: `f${index}`, namespace: 'nuclio' },
      status: { state },
    }));
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nuclio' } };
    await applyObjects(server.kubeconfig, [namespace, ...definitions], () => undefined);
    await expect.poll(() => inCluster('functions'), { timeout: 10_000 }).toMatchObject({ well: true, detail: 'none' });
    await applyObjects(server.kubeconfig, functions, () => undefined);
    expect(await inCluster('functions')).toMatchObject({ well: true, detail: '2 ready, 1 error', reasons: ['nuclio/f2: error'] });
  });

  it('tells of each part of the control plane, also of one that is not there', async () => {
    const core = server.kubeconfig.makeApiClient(CoreV1Api);
    const labels = { 'node-role.kubernetes.io/control-plane': '' };
    await core.createNode({ body: { metadata: { name: 'master', labels } } });
    await applyObjects(server.kubeconfig, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }], () => undefined);
    for (const [name, status] of [
      ['etcd-master', 'True'],
      ['kube-scheduler-master', 'False'],
    ] as const) {
      const body = { metadata: { name }, spec: { nodeName: 'master', containers: [{ name: 'c', image: 'x' }] } };
      const pod = await core.createNamespacedPod({ namespace: 'kube-system', body });
      const containerStatuses = [
        { name: 'c', image: 'x', imageID: '', ready: false, restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff' } } },
      ];
      const state = { conditions: [{ type: 'Ready', status }], containerStatuses };
      await core.replaceNamespacedPodStatus({ name, namespace: 'kube-system', body: { ...pod, status: state } });
    }
    expect(await inCluster('etcd-master')).toMatchObject({ well: true, detail: 'ready' });
    expect(await inCluster('kube-scheduler-master')).toMatchObject({
      ...{ well: false, detail: 'not ready' },
      reasons: ['kube-scheduler-master, container c: CrashLoopBackOff'],
    });
    expect(await inCluster('kube-controller-manager-master')).toMatchObject({
      ...{ well: false, detail: 'not there' },
      reasons: [expect.stringContaining('/etc/kubernetes/manifests/kube-controller-manager.yaml')],
    });
  });

  it('tells of nodes and workloads, but not of the workloads of functions', async () => {
    const core = server.kubeconfig.makeApiClient(CoreV1Api);
    const node = await core.createNode({ body: { metadata: { name: 'node1' } } });
    const conditions = [{ type: 'Ready', status: 'False', message: 'container runtime is down' }];
    await core.replaceNodeStatus({ name: 'node1', body: { ...node, status: { conditions } } });
    const apps = server.kubeconfig.makeApiClient(AppsV1Api);
    for (const namespace of ['default', 'nuclio']) {
      const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'x' }] } };
      const spec = { selector: { matchLabels: { app: 'x' } }, template };
      await apps.createNamespacedDeployment({ namespace, body: { metadata: { name: 'thing' }, spec } });
    }
    expect(await inCluster('node node1')).toMatchObject({ well: false, reasons: ['container runtime is down'] });
    expect(await inCluster('default/thing')).toMatchObject({ well: false, detail: '0/1 ready' });
    expect(await inCluster('nuclio/thing')).toBeUndefined();
  });
});
