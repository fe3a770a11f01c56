import { setTimeout as delay } from 'node:timers/promises';
import { adminKubeConfig } from '../../kube/client.ts';
import { reasonOf } from '../../kube/errors.ts';
import { explainNodes, explainWorkload, listWorkloads } from '../../kube/workloads.ts';
import { installError } from '../errors.ts';
import type { Step } from '../step.ts';
import { applianceObjects } from './manifests.ts';

const TIMEOUT_MS = 300_000;
const POLL_MS = 250;

/** Waits until every workload of the appliance is ready. @throws AMP_NOT_READY with the reasons of each that is not */
export const ready: Step = {
  id: 'ready',
  title: 'Everything ready',
  writes: [],
  predictedSeconds: 15,
  bytes: async () => 0,
  check: async () => false,
  apply: async (context, progress) => {
    const kubeconfig = await adminKubeConfig();
    const expected = (await applianceObjects(context))
      .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet' || kind === 'DaemonSet')
      .map(({ kind, metadata }) => `${kind} ${metadata?.namespace}/${metadata?.name}`);
    const wanted = new Set([...expected, 'Deployment kube-system/coredns', 'DaemonSet kube-system/kube-proxy']);
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const workloads = await listWorkloads(kubeconfig).catch(() => []);
      const own = workloads.filter(({ kind, namespace, name }) => wanted.has(`${kind} ${namespace}/${name}`));
      const waiting = own.filter((workload) => !workload.ready);
      if (own.length === wanted.size && waiting.length === 0) return;
      progress(`waiting for ${waiting.map(({ name }) => name).join(', ') || 'the API server'}`);
      if (performance.now() > deadline) {
        const reasons = await Promise.all(
          waiting.map(async (workload) => [
            `${workload.namespace}/${workload.name} ${workload.replicas}`,
            ...(await explainWorkload(kubeconfig, workload).catch((error: unknown) => [reasonOf(error)])),
          ]),
        );
        const there = own.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);
        reasons.push([...wanted].filter((name) => !there.includes(name)).map((name) => `${name} is not seen`));
        reasons.push(await explainNodes(kubeconfig).catch(() => []));
        throw installError('AMP_NOT_READY', {
          what: `${wanted.size - own.length + waiting.length} parts of the appliance are not ready after ${TIMEOUT_MS / 1000} s`,
          why: reasons.flat().join('\n'),
          fix: 'Mend what the reasons name, then run "ampoule install" again.',
        });
      }
      await delay(POLL_MS);
    }
  },
  undo: async () => undefined,
};
