import type { Appliance } from '../appliance.ts';
import { until } from '../until.ts';

const FUNCTIONS = 1000;
const CREATED_WITHIN_MS = 600_000;
const SETTLED_WITHIN_MS = 120_000;
/** Their objects are all there, but for pods, which one host cannot hold. */
const ASLEEP = 'scaledToZero';

/** Seconds until a thousand functions have their objects, and what a restart of the controller then costs the API server. */
export async function benchReconcile(appliance: Appliance, progress: (text: string) => void) {
  const created = performance.now();
  await createAll(appliance);
  await until('all functions have their objects', CREATED_WITHIN_MS, async () => {
    const asleep = (await statesOf(appliance)).filter((state) => state === ASLEEP).length;
    return asleep === FUNCTIONS || `${asleep} of ${FUNCTIONS}`;
  });
  const createdSeconds = (performance.now() - created) / 1000;
  progress(`${FUNCTIONS} functions have their objects after ${createdSeconds.toFixed(0)} s`);

  const before = await writesOf(appliance);
  const restarted = performance.now();
  await appliance.kubectl('-n', 'ampoule-system', 'rollout', 'restart', 'deployment/controller');
  await appliance.kubectl('-n', 'ampoule-system', 'rollout', 'status', 'deployment/controller', '--timeout=120s');
  const upSeconds = (performance.now() - restarted) / 1000;
  // Made after the restart, it waits behind all others.
  await appliance.deploy('last', 'exports.handler = () => "last"\n');
  const lastReadySeconds = (performance.now() - restarted) / 1000;
  await until('nothing is written any more', SETTLED_WITHIN_MS, async () => {
    const states = await statesOf(appliance);
    return states.filter((state) => state === ASLEEP).length === FUNCTIONS || states.join(' ');
  });
  return {
    functions: FUNCTIONS,
    createdSeconds: Math.round(createdSeconds),
    restart: {
      controllerReadySeconds: Math.round(upSeconds * 10) / 10,
      newFunctionReadySeconds: Math.round(lastReadySeconds * 10) / 10,
      writesToFunctionObjects: (await writesOf(appliance)) - before,
    },
  };
}

async function createAll(appliance: Appliance): Promise<void> {
  const items = Array.from({ length: FUNCTIONS }, (_, i) => ({
    apiVersion: 'nuclio.io/v1beta1',
    kind: 'NuclioFunction',
    metadata: {
      name: `many-${i}`,
      namespace: 'nuclio',
      annotations: { 'skip-build': 'true', 'nuclio.io/previous-state': ASLEEP },
    },
    spec: { runtime: 'nodejs', handler: 'main:handler', image: 'ampoule.internal/none:1', minReplicas: 0, maxReplicas: 1 },
  }));
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const kubectl = ['/opt/ampoule/bin/kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', 'create', '-f', '-'] as const;
  await appliance.host.mustExec(kubectl[0], kubectl.slice(1), { input, timeoutMs: CREATED_WITHIN_MS });
}

async function statesOf(appliance: Appliance): Promise<string[]> {
  const columns = 'custom-columns=NAME:.metadata.name,STATE:.status.state';
  const lines = await appliance.kubectl('-n', 'nuclio', 'get', 'nucliofunctions', '--no-headers', '-o', columns);
  return lines
    .split('\n')
    .filter((line) => line.startsWith('many-'))
    .map((line) => line.split(/\s+/)[1] ?? '');
}

/** How often the API server was asked to write objects that functions are made of. */
async function writesOf(appliance: Appliance): Promise<number> {
  const metrics = await appliance.kubectl('get', '--raw', '/metrics');
  const kinds = /resource="(nucliofunctions|deployments|services|configmaps|ingresses|horizontalpodautoscalers|cronjobs)"/;
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('apiserver_request_total{') && kinds.test(line) && /verb="(APPLY|PATCH|POST|PUT|DELETE)"/.test(line))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
