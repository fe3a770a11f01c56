import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { annotations } from '@ampoule/platform-api/constants';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { Processors } from '../processors.ts';
import { ALIAS_SERVICES } from '../rollout/alias-services.ts';
import { Rollouts, type RolloutsOptions } from '../rollout/rollouts.ts';

const NUCLIO = '/apis/nuclio.io/v1beta1/namespaces/nuclio';
const GATEWAY = `${NUCLIO}/nuclioapigateways/f-live`;
const fnPath = (name: string) => `${NUCLIO}/nucliofunctions/${name}`;

interface Gateway {
  spec: { alias: Record<string, unknown>; upstreams: { nucliofunction: { name: string }; percentage?: number }[] };
  status: { rollout: { phase: string; weight: number; conditions: { reason: string; message: string }[] } };
}

/** Function `f` with its versions 1 to 3, an alias of it, and a processor that counts for whoever runs. It looks when it is told to. */
export async function startRollouts(spec: object) {
  const api = new FakeApi();
  const client = await api.start();
  const calls = { handled: 0, failed: 0 };
  const server = createServer((_request, response) => {
    const lines = [`{result="success"} ${calls.handled - calls.failed}`, `{result="failure"} ${calls.failed}`];
    response.end(lines.map((line) => `nuclio_processor_handled_events_total${line}\n`).join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const triggers = {
    web: { kind: 'http', name: 'web', numWorkers: 1, attributes: { ingresses: { a: { host: 'f.example' } }, port: 30001 } },
    clock: { kind: 'cron', attributes: { interval: '1s' } },
  };
  const specOf = (image: string) => ({ runtime: 'nodejs', image, serviceType: 'NodePort', triggers });
  api.put(fnPath('f'), { metadata: { labels: { 'nuclio.io/project-name': 'p' } }, spec: specOf('i:3'), status: { state: 'ready' } });
  for (const version of [1, 2, 3]) {
    api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${version}`, {
      metadata: { labels: { 'nuclio.io/function-name': 'f' } },
      revision: version,
      data: { spec: specOf(`i:${version}`) },
    });
  }
  api.put(GATEWAY, { spec: { host: 'live.example', name: 'f-live', ...spec }, status: { state: 'ready' } });

  let caches: Cache<RawObject>[] = [];
  let functions: Cache<RawObject>;
  let pods: Cache<V1Pod>;
  let rollouts: Rollouts;
  async function restart(more: Pick<RolloutsOptions, 'unusedMs' | 'knownForMs'> = {}): Promise<void> {
    await Promise.all(caches.map((cache) => cache.stop()));
    functions = new Cache({ client, logger, namespace: 'nuclio', resource: resources.functions });
    const apiGateways = new Cache({ client, logger, namespace: 'nuclio', resource: resources.apiGateways });
    pods = new Cache({ client, logger, namespace: 'nuclio', resource: resources.pods });
    const aliasServices = new Cache({ client, logger, namespace: 'nuclio', resource: resources.services, labelSelector: ALIAS_SERVICES });
    caches = [functions, apiGateways, pods as unknown as Cache<RawObject>, aliasServices as unknown as Cache<RawObject>];
    const processors = new Processors(pods, 0);
    await Promise.all(caches.map((cache) => cache.start()));
    const shared = { client, functions, apiGateways, aliasServices, processors, logger };
    rollouts = new Rollouts({ ...shared, clusterDomain: 'cluster.local', knownForMs: Number.POSITIVE_INFINITY, ...more });
  }
  await restart();

  const gateway = () => api.objects.get(GATEWAY) as unknown as Gateway;
  const seen = () => {
    const { spec: now, status } = gateway();
    return {
      phase: status.rollout?.phase,
      reason: status.rollout?.conditions[0]?.reason,
      shares: now.upstreams
        ?.map(({ nucliofunction, percentage }) => [nucliofunction.name, percentage].filter(Boolean).join(' '))
        .join(', '),
    };
  };
  return {
    api,
    calls,
    restart,
    gateway,
    seen,
    fn: (name: string) => api.objects.get(fnPath(name)),
    /** Looks once, and tells how the alias is then. */
    async look() {
      await rollouts.look();
      return seen();
    },
    change: (fields: object) => api.put(GATEWAY, { spec: { ...gateway().spec, ...fields } }),
    setSecret: (name: string) =>
      api.put(fnPath('f'), { metadata: { ...api.objects.get(fnPath('f'))?.metadata, annotations: { [annotations.secret]: name } } }),
    /** Brings the function of a version to where the controller would bring it, with a pod that serves. */
    serve(name: string, state = 'ready', message = '') {
      api.put(fnPath(name), { status: { state, message } });
      api.put(`/api/v1/namespaces/nuclio/pods/${name}`, {
        metadata: {
          labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': name },
          annotations: { 'nuclio.io/prometheus_pull_port': String((server.address() as AddressInfo).port) },
        },
        status: { phase: 'Running', podIP: '127.0.0.1' },
      });
    },
    setState: (name: string, state: string) => api.put(fnPath(name), { status: { state } }),
    /** The state of a function as those who look know it. */
    seenState: (name: string) => (functions.get(`nuclio/${name}`)?.status as { state?: string } | undefined)?.state,
    /** Lets the container of a version end so often, the last time like that, and its processor begin to count anew. */
    end(name: string, times: number, { terminated, conditions = [] }: { terminated?: object; conditions?: object[] } = {}) {
      const path = `/api/v1/namespaces/nuclio/pods/${name}`;
      const status = api.objects.get(path)?.status as { containerStatuses?: { restartCount: number }[] };
      const restartCount = (status.containerStatuses?.[0]?.restartCount ?? 0) + times;
      api.put(path, {
        status: { ...status, conditions, containerStatuses: [{ name: 'nuclio', restartCount, lastState: { terminated } }] },
      });
      Object.assign(calls, { handled: 0, failed: 0 });
    },
    /** How often the container of a version was started again, as those who look know it. */
    seenRestarts: (name: string) => pods.get(`nuclio/${name}`)?.status?.containerStatuses?.[0]?.restartCount,
    events: () => [...api.objects].filter(([path]) => path.includes('/events/')).map(([, event]) => event as unknown as { reason: string }),
    async stop() {
      await Promise.all(caches.map((cache) => cache.stop()));
      client.close();
      api.stop();
      server.close();
      server.closeAllConnections();
    },
  };
}

export type TestRollouts = Awaited<ReturnType<typeof startRollouts>>;
