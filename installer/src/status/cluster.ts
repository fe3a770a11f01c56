import { CoreV1Api, CustomObjectsApi, type KubeConfig, type V1Node } from '@kubernetes/client-node';
import * as z from 'zod';
import { reasonOf } from '../kube/errors.ts';
import { explainWorkload, listWorkloads, type Workload } from '../kube/workloads.ts';
import { paths } from '../paths.ts';
import { type ComponentStatus, ill, well } from './model.ts';

/** Where the users' functions run: they are shown by their states, not as parts of the appliance. */
const FUNCTION_NAMESPACE = 'nuclio';

const CONTROL_PLANE_NAMESPACE = 'kube-system';
const CONTROL_PLANE_LABEL = 'node-role.kubernetes.io/control-plane';

/** What kubeadm runs beside the API server, which is seen by its answers. */
const staticPods = ['etcd', 'kube-controller-manager', 'kube-scheduler'];

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
    const { items: nodes } = await kubeconfig.makeApiClient(CoreV1Api).listNode();
    const workloads = (await listWorkloads(kubeconfig)).filter(({ namespace }) => namespace !== FUNCTION_NAMESPACE);
    const states = await Promise.all(workloads.map((workload) => workloadStatus(kubeconfig, workload)));
    const control = await controlPlaneStatus(kubeconfig, nodes);
    return [well('kube-apiserver', 'answers'), ...control, ...nodes.map(nodeStatus), ...states, await functionStatus(kubeconfig)];
  } catch (error) {
    return [ill('kube-apiserver', 'does not answer', [reasonOf(error)])];
  }
}

/** The static pods on each node of the control plane. */
async function controlPlaneStatus(kubeconfig: KubeConfig, nodes: readonly V1Node[]): Promise<ComponentStatus[]> {
  const { items } = await kubeconfig.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: CONTROL_PLANE_NAMESPACE });
  const hosts = nodes.filter(({ metadata }) => metadata?.labels?.[CONTROL_PLANE_LABEL] !== undefined);
  return Promise.all(
    hosts.flatMap(({ metadata: host }) =>
      staticPods.map(async (part) => {
        const name = `${part}-${host?.name}`;
        const pod = items.find(({ metadata }) => metadata?.name === name);
        if (pod === undefined)
          return ill(name, 'not there', [`see ${paths.kubernetes}/manifests/${part}.yaml and "journalctl -u kubelet"`]);
        if (pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) return well(name, 'ready');
        const place = { namespace: CONTROL_PLANE_NAMESPACE, name: part };
        return ill(name, 'not ready', await explainWorkload(kubeconfig, place).catch((error: unknown) => [reasonOf(error)]));
      }),
    ),
  );
}

function nodeStatus({ metadata, status }: V1Node): ComponentStatus {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const name = `node ${metadata?.name}`;
  return ready?.status === 'True' ? well(name, 'ready') : ill(name, 'not ready', [ready?.message ?? 'no report']);
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
