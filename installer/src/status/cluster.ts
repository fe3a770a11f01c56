import { CoreV1Api, CustomObjectsApi, type KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { reasonOf } from '../kube/errors.ts';
import { explainWorkload, listWorkloads, type Workload } from '../kube/workloads.ts';
import { type ComponentStatus, ill, well } from './model.ts';

/** Where the users' functions run: they are shown by their states, not as parts of the appliance. */
const FUNCTION_NAMESPACE = 'nuclio';

const functionsSchema = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      status: z.object({ state: z.string().optional() }).optional(),
    }),
  ),
});

/** The API server, the nodes, the appliance's workloads and the functions. */
export async function clusterStatus(open: () => Promise<KubeConfig>): Promise<ComponentStatus[]> {
  try {
    const kubeconfig = await open();
    const nodes = await nodeStatus(kubeconfig);
    const workloads = (await listWorkloads(kubeconfig)).filter(({ namespace }) => namespace !== FUNCTION_NAMESPACE);
    const states = await Promise.all(workloads.map((workload) => workloadStatus(kubeconfig, workload)));
    return [well('kube-apiserver', 'answers'), ...nodes, ...states, await functionStatus(kubeconfig)];
  } catch (error) {
    return [ill('kube-apiserver', 'does not answer', [reasonOf(error)])];
  }
}

async function nodeStatus(kubeconfig: KubeConfig): Promise<ComponentStatus[]> {
  const { items } = await kubeconfig.makeApiClient(CoreV1Api).listNode();
  return items.map(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    const name = `node ${metadata?.name}`;
    return ready?.status === 'True' ? well(name, 'ready') : ill(name, 'not ready', [ready?.message ?? 'no report']);
  });
}

async function workloadStatus(kubeconfig: KubeConfig, workload: Workload): Promise<ComponentStatus> {
  const name = `${workload.namespace}/${workload.name}`;
  const detail = `${workload.replicas} ready`;
  if (workload.ready) return well(name, detail);
  return ill(name, detail, await explainWorkload(kubeconfig, workload).catch((error: unknown) => [reasonOf(error)]));
}

/** A function that fails is its author's concern; the appliance is well all the same. */
async function functionStatus(kubeconfig: KubeConfig): Promise<ComponentStatus> {
  try {
    const api = kubeconfig.makeApiClient(CustomObjectsApi);
    const { items } = functionsSchema.parse(
      await api.listCustomObjectForAllNamespaces({ group: 'nuclio.io', version: 'v1beta1', resourcePlural: 'nucliofunctions' }),
    );
    const counts = new Map<string, number>();
    const states = items.map(({ metadata, status }) => ({ name: `${metadata.namespace}/${metadata.name}`, state: status?.state ?? 'new' }));
    for (const { state } of states) counts.set(state, (counts.get(state) ?? 0) + 1);
    const detail = [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
    const failing = states.filter(({ state }) => state === 'error' || state === 'unhealthy');
    return well(
      'functions',
      detail === '' ? 'none' : detail,
      failing.map(({ name, state }) => `${name}: ${state}`),
    );
  } catch (error) {
    return ill('functions', 'cannot be listed', [reasonOf(error)]);
  }
}
