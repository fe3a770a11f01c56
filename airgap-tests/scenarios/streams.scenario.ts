import { join } from 'node:path';
import { parseJson } from '@ampoule/lib/parse';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import * as z from 'zod';
import type { Appliance } from '../src/appliance.ts';
import { openSite } from '../src/site.ts';
import { until } from '../src/until.ts';

const READY_MS = 60_000;
/** Two windows, and a look of the controller after them. */
const ASLEEP_MS = 60_000;
const NODE = join(import.meta.dirname, '../../node_modules/.bin/node');
const JET_STREAM = join(import.meta.dirname, '../src/jet-stream.ts');
const NODE_PORT = 30_422;
const user = { username: 'ann', password: 'stream-secret' };
const consumerSchema = z.object({ left: z.number(), done: z.number() });

/** A NATS of the site beside the functions. */
const brokerOf = (image: string) => ({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'broker', namespace: 'nuclio', labels: { app: 'broker' } },
      spec: {
        securityContext: { runAsNonRoot: true, runAsUser: 65_532, fsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'nats',
            image,
            imagePullPolicy: 'IfNotPresent',
            command: [
              '/usr/local/bin/nats-server',
              '--jetstream',
              '--store_dir',
              '/data',
              '--user',
              user.username,
              '--pass',
              user.password,
            ],
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', emptyDir: {} }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'broker', namespace: 'nuclio' },
      spec: { type: 'NodePort', selector: { app: 'broker' }, ports: [{ port: 4222, nodePort: NODE_PORT }] },
    },
  ],
});

describe('a function with a stream on an appliance', () => {
  let appliance: Appliance;
  let sent = 0;

  const statusOf = async (name: string) => JSON.parse((await appliance.api('GET', `/functions/${name}`)).body).status;
  const reaches = (name: string, state: string, withinMs: number) =>
    until(`${name} is ${state}`, withinMs, async () => {
      const status = await statusOf(name);
      return status.state === state || JSON.stringify(status);
    });
  const publish = async (count: number) => {
    const server = `${appliance.host.address}:${NODE_PORT}`;
    const text = await appliance.lab.exec(NODE, [JET_STREAM, server, user.username, user.password, String(count)]);
    sent += count;
    return parseJson(consumerSchema, text, 'what the consumer has');
  };
  const allIsDone = () =>
    until('every message is handled', READY_MS, async () => {
      const found = await publish(0);
      return (found.left === 0 && found.done === sent) || JSON.stringify(found);
    });
  /** The state is there before its pods are gone, and until then they still take what comes. */
  const sleeps = async () => {
    await reaches('orders', 'scaledToZero', ASLEEP_MS);
    const pods = ['-n', 'nuclio', 'get', 'pods', '-l', 'nuclio.io/function-name=orders', '-o', 'name'];
    await until('its pods are gone', READY_MS, async () => {
      const left = await appliance.kubectl(...pods);
      return left === '' || left;
    });
  };
  const replicas = () => appliance.kubectl('-n', 'nuclio', 'get', 'deployment', 'nuclio-orders', '-o', 'jsonpath={.spec.replicas}');

  beforeAll(async () => {
    appliance = await openSite(inject('bundleFile'), { name: 'streams' });
    await appliance.install();
    const [own, image] = [['-n', 'ampoule-system', 'get', 'statefulset', 'nats'], 'jsonpath={.spec.template.spec.containers[0].image}'];
    const broker = brokerOf(await appliance.kubectl(...own, '-o', image));
    const kubeconfig = ['--kubeconfig', '/etc/kubernetes/admin.conf'];
    await appliance.host.mustExec('/opt/ampoule/bin/kubectl', [...kubeconfig, 'apply', '-f', '-'], { input: JSON.stringify(broker) });
    await until('the broker answers', READY_MS, async () => (await publish(0)).left === 0 || 'something is left');
    const source = 'exports.handler = async () => "handled";\n';
    const spec = {
      runtime: 'nodejs',
      handler: 'main:handler',
      build: { functionSourceCode: Buffer.from(source).toString('base64') },
      minReplicas: 0,
      maxReplicas: 1,
      scaleToZero: { scaleResources: [{ metricName: 'nuclio_processor_handled_events', windowSize: '10s', threshold: 0 }] },
      triggers: {
        stream: {
          kind: 'nats',
          // A name that means something beside the functions alone.
          url: 'nats://broker:4222',
          ...user,
          attributes: { topic: 'orders.new', jetStream: { durable: 'worker' } },
        },
      },
    };
    expect((await appliance.api('POST', '/functions', { metadata: { name: 'orders' }, spec })).status).toBe(202);
    await reaches('orders', 'ready', READY_MS);
  }, 240_000);
  afterAll(() => appliance?.lab.close());

  it('sleeps, is woken by what comes, handles all of it, and sleeps again', async () => {
    await sleeps();
    expect(await replicas()).toBe('0');
    await publish(50);
    await allIsDone();
    await sleeps();
  });

  it('stays awake while nobody can say what waits, and sleeps once that can be said', async () => {
    const backlog = (count: number) => appliance.kubectl('-n', 'ampoule-system', 'scale', 'deployment', 'backlog', `--replicas=${count}`);
    await publish(1);
    await allIsDone();
    await reaches('orders', 'ready', READY_MS);
    await backlog(0);
    // The window and more than a look of the controller.
    await new Promise((resolve) => setTimeout(resolve, 40_000));
    expect(await statusOf('orders')).toMatchObject({ state: 'ready' });
    await backlog(1);
    await sleeps();
  });

  it('shows its password to nobody', async () => {
    expect((await appliance.api('GET', '/functions/orders')).body).not.toContain(user.password);
    const logs = await appliance.kubectl('-n', 'ampoule-system', 'logs', '-l', 'app.kubernetes.io/name=backlog', '--tail=-1');
    expect(logs).not.toContain(user.password);
  });
});
