import { messageOf } from '@ampoule/lib/errors';
import { CoreV1Api as CoreApi, type CoreV1Api } from '@kubernetes/client-node';
import { listCertificates } from '../certs/list.ts';
import { isActive } from '../install/services.ts';
import { adminKubeConfig } from '../kube/client.ts';
import { explainWorkload, listWorkloads } from '../kube/workloads.ts';
import { paths, units } from '../paths.ts';

/** One part of the appliance. */
export interface ComponentStatus {
  component: string;
  well: boolean;
  /** Its state in a few words. */
  detail: string;
  /** Why it is not well. */
  reasons: string[];
}

/** Looks at every part of the appliance; works with the cluster down. */
export async function readStatus(): Promise<ComponentStatus[]> {
  const services = await Promise.all(units.map(serviceStatus));
  return [...services, ...(await clusterStatus()), await certificateStatus()];
}

async function serviceStatus(unit: string): Promise<ComponentStatus> {
  const well = await isActive(unit);
  return { component: unit, well, detail: well ? 'active' : 'not active', reasons: well ? [] : [`see "journalctl -u ${unit}"`] };
}

async function clusterStatus(): Promise<ComponentStatus[]> {
  try {
    const kubeconfig = await adminKubeConfig();
    const [nodes, workloads] = await Promise.all([nodeStatus(kubeconfig.makeApiClient(CoreApi)), listWorkloads(kubeconfig)]);
    const own = workloads.filter(({ namespace }) => namespace !== 'nuclio');
    const states = own.map(async (workload) => ({
      component: `${workload.namespace}/${workload.name}`,
      well: workload.ready,
      detail: `${workload.replicas} ready`,
      reasons: workload.ready ? [] : await explainWorkload(kubeconfig, workload),
    }));
    return [{ component: 'kube-apiserver', well: true, detail: 'answers', reasons: [] }, ...nodes, ...(await Promise.all(states))];
  } catch (error) {
    return [{ component: 'kube-apiserver', well: false, detail: 'does not answer', reasons: [messageOf(error)] }];
  }
}

async function nodeStatus(core: CoreV1Api): Promise<ComponentStatus[]> {
  const { items } = await core.listNode();
  return items.map(({ metadata, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    const well = ready?.status === 'True';
    return {
      component: `node ${metadata?.name}`,
      well,
      detail: well ? 'ready' : 'not ready',
      reasons: well ? [] : [ready?.message ?? 'no report'],
    };
  });
}

async function certificateStatus(): Promise<ComponentStatus> {
  const [next, ...rest] = await listCertificates({ pki: paths.pki, kubernetes: paths.kubernetes, kubelet: paths.kubelet, now: new Date() });
  if (next === undefined) return { component: 'certificates', well: false, detail: 'none', reasons: [`no certificate in ${paths.pki}`] };
  const bad = [next, ...rest].filter(({ status }) => status !== 'ok');
  return {
    component: 'certificates',
    well: bad.length === 0,
    detail: `${rest.length + 1}, the next expires in ${next.daysLeft} days`,
    reasons: bad.map(({ name, status, daysLeft }) => `${name}: ${status}, ${daysLeft} days left`),
  };
}
