import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@ampoule/lib/testing/free-port';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1ConfigMap, V1Deployment } from '@ampoule/platform-api/kube/types';

const REPOSITORY = join(import.meta.dirname, '../../../..');
const NODE = join(REPOSITORY, 'node_modules/.bin/node');
const PROCESSOR = join(REPOSITORY, 'platform/processor/src/main.ts');
const TICK_MS = 5;
/** Between the end of a pod's life and the signal, for the endpoints to be told everywhere. */
const PRE_STOP_MS = 150;

interface Pod {
  path: string;
  port: number;
  child: ChildProcess;
  isTerminating: boolean;
}

/** Runs the pods of one Deployment as processors of this machine, and tells the API server how they are. */
export class Kubelet {
  readonly #api: FakeApi;
  readonly #client: KubeClient;
  readonly #paths: { deployment: string; configMap: string };
  readonly #code: string;
  readonly #pods: Pod[] = [];
  readonly #work = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #starting = false;
  #count = 0;

  constructor(api: FakeApi, client: KubeClient, functionName: string, code: string) {
    this.#api = api;
    this.#client = client;
    this.#code = code;
    this.#paths = {
      deployment: `/apis/apps/v1/namespaces/nuclio/deployments/nuclio-${functionName}`,
      configMap: `/api/v1/namespaces/nuclio/configmaps/nuclio-${functionName}`,
    };
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), TICK_MS);
  }

  /** The port of a pod that serves, as the rules of kube-proxy have it. */
  get port(): number | undefined {
    return this.#pods.find(({ isTerminating }) => !isTerminating)?.port;
  }

  /** How many pods there were. */
  get started(): number {
    return this.#count;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#work);
    for (const { child } of this.#pods) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  #look(): void {
    const deployment = this.#api.objects.get(this.#paths.deployment) as V1Deployment | undefined;
    if (deployment === undefined) return;
    const live = this.#pods.find(({ isTerminating }) => !isTerminating);
    const isWanted = (deployment.spec?.replicas ?? 0) > 0;
    if (isWanted && live === undefined && !this.#starting) this.#do(this.#begin(deployment));
    if (!isWanted && live !== undefined) this.#do(this.#end(live));
    if (!this.#starting) this.#report(isWanted && live !== undefined ? 1 : 0);
  }

  #do(work: Promise<void>): void {
    const done = work.finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  async #begin(deployment: V1Deployment): Promise<void> {
    this.#starting = true;
    const path = `/api/v1/namespaces/nuclio/pods/p${++this.#count}`;
    const [port, metricsPort] = [await freePort(), await freePort()];
    const folder = await this.#folder(port, metricsPort);
    const args = [PROCESSOR, '--config', join(folder, 'processor.yaml'), '--platform-config', join(folder, 'platform.yaml')];
    const child = spawn(NODE, args, { env: { ...process.env, NUCLIO_HANDLER_DIR: folder }, stdio: ['ignore', 'pipe', 'inherit'] });
    child.on('exit', () => void rm(folder, { recursive: true }));
    const { template } = deployment.spec ?? {};
    const [container] = template?.spec?.containers ?? [];
    const pod = {
      metadata: {
        labels: template?.metadata?.labels,
        annotations: { ...template?.metadata?.annotations, 'nuclio.io/prometheus_pull_port': String(metricsPort) },
      },
      spec: { containers: [{ name: 'nuclio', image: container?.image, ports: [{ name: 'http', containerPort: port }] }] },
    };
    this.#api.put(path, { ...pod, status: { phase: 'Running', podIP: '127.0.0.1' } });
    for await (const line of createInterface(child.stdout)) if (line.includes('Processor started')) break;
    child.stdout.resume();
    this.#api.put(path, { ...pod, status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] } });
    this.#pods.push({ path, port, child, isTerminating: false });
    this.#starting = false;
  }

  async #end(pod: Pod): Promise<void> {
    pod.isTerminating = true;
    const { metadata, ...rest } = this.#api.objects.get(pod.path) ?? { metadata: {} };
    this.#api.put(pod.path, { ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    await delay(PRE_STOP_MS);
    pod.child.kill('SIGTERM');
    await once(pod.child, 'exit');
    this.#pods.splice(this.#pods.indexOf(pod), 1);
    await this.#client.remove(resources.pods, 'nuclio', pod.path.slice(pod.path.lastIndexOf('/') + 1));
  }

  #report(replicas: number): void {
    const { metadata, status } = this.#api.objects.get(this.#paths.deployment) as V1Deployment;
    const conditions = [{ type: 'Available', status: 'True' }];
    const counts = replicas === 0 ? {} : { replicas, updatedReplicas: replicas, availableReplicas: replicas };
    const wanted = { observedGeneration: metadata?.generation, conditions, ...counts };
    if (JSON.stringify(status) !== JSON.stringify(wanted)) this.#api.put(this.#paths.deployment, { status: wanted });
  }

  async #folder(port: number, metricsPort: number): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'pod-'));
    const { data } = this.#api.objects.get(this.#paths.configMap) as V1ConfigMap;
    const config = JSON.parse(data?.['processor.yaml'] ?? '{}');
    for (const trigger of Object.values(config.spec.triggers) as { kind: string; url: string }[]) {
      if (trigger.kind === 'http') trigger.url = `127.0.0.1:${port}`;
    }
    const pull = { kind: 'prometheusPull', url: `127.0.0.1:${metricsPort}` };
    const platform = {
      healthCheck: { listenAddress: '127.0.0.1:0' },
      webAdmin: { enabled: false },
      metrics: { sinks: { pull }, functions: ['pull'] },
    };
    await writeFile(join(folder, 'processor.yaml'), JSON.stringify(config));
    await writeFile(join(folder, 'platform.yaml'), JSON.stringify(platform));
    await writeFile(join(folder, 'main.js'), this.#code);
    return folder;
  }
}
